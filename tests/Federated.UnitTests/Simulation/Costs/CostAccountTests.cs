using Federated.Protocol.Models;
using Federated.Simulation.Costs;
using Federated.Simulation.Models;

namespace Federated.UnitTests.Simulation.Costs;

public class CostAccountTests
{
    private static readonly ModelShape Cifar = ModelShape.Image(3, 32, 32);
    private static readonly Lazy<ModelCost> ResNet = new(() => ModelZoo.Create("resnet18", Cifar, 10).MeasureCost());

    [Fact]
    public void MeasureCost_ResNet18_IsThatOfTheSpecification()
    {
        ModelCost cost = ResNet.Value;

        Assert.Equal(11_164_352, cost.Weights);
        Assert.Equal(9_610, cost.OtherParameters);
        Assert.Equal(555.4, cost.Macs / 1e6, 0.05);
        Assert.Equal(614_400, cost.NormalisedOutputs);
        Assert.Equal(614_400 + 10, cost.Layers.Sum(layer => layer.Outputs));
        Assert.Equal(64L * 4 * (614_400 + 10 + 614_400), cost.ActivationBytes(64));
    }

    [Fact]
    public void MeasureCost_Vgg11_IsThatOfTheSpecification()
    {
        ModelCost cost = ModelZoo.Create("vgg11", Cifar, 10).MeasureCost();

        Assert.Equal(9.22, cost.Weights / 1e6, 0.005);
        Assert.Equal(152.8, cost.Macs / 1e6, 0.05);
    }

    [Theory]
    [InlineData("logistic", 7_840, 7_840)]
    [InlineData("cnn-bn", 144 + 4_608 + 18_432 + 640, (144 * 784) + (4_608 * 196) + (18_432 * 49) + 640)]
    public void MeasureCost_SmallImages_CountsByHand(string name, long weights, long macs)
    {
        ModelCost cost = ModelZoo.Create(name, ModelShape.Image(1, 28, 28), 10).MeasureCost();

        Assert.Equal(weights, cost.Weights);
        Assert.Equal(macs, cost.Macs);
        Assert.Equal(cost.Schema.ParameterCount, cost.Weights + cost.OtherParameters);
    }

    [Theory]
    [InlineData(0.1, 0.248)]
    [InlineData(0.01, 0.0252)]
    [InlineData(0.001, 0.0025)]
    public void Forward_ErkBudgets_CostTheStatedShareOfDense(double density, double share)
    {
        ModelCost cost = ResNet.Value;
        int[] active = Erk(cost, density);

        Assert.Equal(share, new CostAccount(cost).Forward(active) / (double)cost.Macs, share < 0.005 ? 0.00005 : 0.0005);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.01)]
    [InlineData(0.001)]
    public void Forward_UniformBudgets_CostTheDensity(double density)
    {
        ModelCost cost = ResNet.Value;
        int[] active = [.. cost.Layers.Select(layer => (int)Math.Round(density * layer.Weight.ElementCount))];

        Assert.Equal(density, new CostAccount(cost).Forward(active) / (double)cost.Macs, density / 100);
    }

    [Fact]
    public void Training_AndAdjustment_FollowTheFormulas()
    {
        var cost = Two();
        var account = new CostAccount(cost);

        Assert.Equal((5 * 100) + 7, account.Forward([5, 7]));
        Assert.Equal(3 * 507 * 11, account.Training([5, 7], examples: 11));
        Assert.Equal(8 * ((18 * 100) + 40), account.Adjustment([0, 1], batch: 8));
        Assert.Equal(8 * 40, account.Adjustment([1], batch: 8));
    }

    [Fact]
    public void State_SparseAndDense_CountsEveryPart()
    {
        var account = new CostAccount(Two());

        // 3 active weights and 4 biases; 58 weights take 8 bytes as bits, three indices take 12.
        Assert.Equal(new StateBytes(28, 8, 28, 0, 16), account.State([1, 2], hasMomentum: false, selection: 16));
        Assert.Equal(new StateBytes(20, 4, 20, 20, 0), account.State([0, 1], hasMomentum: true, selection: 0));
        Assert.Equal(248, account.State([18, 40], hasMomentum: false, selection: 0).Values);
        Assert.Equal(0, account.State([18, 40], hasMomentum: false, selection: 0).Index);
    }

    [Fact]
    public void State_ResNet18AtOnePercent_HasTheSizeOfTheSpecification()
    {
        ModelCost cost = ResNet.Value;
        StateBytes state = new CostAccount(cost).State(Erk(cost, 0.01), hasMomentum: false, selection: 0);

        Assert.Equal(1.34, (state.Total - (8.0 * cost.OtherParameters)) / 1e6, 0.01);
    }

    [Theory]
    [InlineData(1, 2, 3)]
    [InlineData(19, 2)]
    [InlineData(-1, 2)]
    public void Forward_CountsThatDoNotFit_Throws(params int[] active) =>
        Assert.Throws<ArgumentException>(() => new CostAccount(Two()).Forward(active));

    private static ModelCost Two()
    {
        TensorSpec conv = new("conv.weight", [2, 1, 3, 3]), fc = new("fc.weight", [4, 10]), bias = new("fc.bias", [4]);
        return new ModelCost(new ModelSchema([conv, fc, bias]), [new LayerCost(conv, 100), new LayerCost(fc, 1)], 0);
    }

    // The rule of Evci et al.: densities in proportion to Σ shape / Π shape; a layer that would be denser than dense is dense, and the rest is scaled again.
    private static int[] Erk(ModelCost cost, double density)
    {
        double[] sizes = [.. cost.Layers.Select(layer => (double)layer.Weight.ElementCount)];
        double[] raw = [.. cost.Layers.Select(layer => layer.Weight.Shape.Sum() / (double)layer.Weight.ElementCount)];
        HashSet<int> dense = [];
        while (true)
        {
            double budget = density * sizes.Sum();
            double scale = (budget - dense.Sum(i => sizes[i])) / Enumerable.Range(0, sizes.Length).Where(i => !dense.Contains(i)).Sum(i => raw[i] * sizes[i]);
            int[] over = [.. Enumerable.Range(0, sizes.Length).Where(i => !dense.Contains(i) && scale * raw[i] > 1)];
            if (over.Length == 0)
            {
                return [.. sizes.Select((size, i) => (int)Math.Round(dense.Contains(i) ? size : scale * raw[i] * size))];
            }

            dense.UnionWith(over);
        }
    }
}
