using Federated.Client.Torch.Models;
using Federated.Client.Torch.Training;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.UnitTests.Training;
using static TorchSharp.torch;

namespace Federated.UnitTests.Torch;

public class FlatModuleTests
{
    [Fact]
    public void LoadParameters_Vector_IsWhatTheLayersSee()
    {
        using var module = new FlatModule(new SmallNetwork(new MaskSource()));
        float[] vector = SampleExamples.Vector(module.Schema.ParameterCount, 3);

        module.LoadParameters(vector);

        int offset = 0;
        foreach (var (_, parameter) in module.Module.named_parameters())
        {
            float[] values = parameter.data<float>().ToArray();
            Assert.Equal(vector.AsSpan(offset, values.Length).ToArray(), values);
            offset += values.Length;
        }

        Assert.Equal(vector.Length, offset);
    }

    [Fact]
    public void Backward_NativeLstm_WritesIntoTheFlatGradient()
    {
        using var module = new FlatModule(new LastOutput());
        float[] vector = SampleExamples.Vector(module.Schema.ParameterCount, 5);
        module.LoadParameters(vector);
        using Tensor input = ones(2, 3, 4);

        using (Tensor loss = module.Module.call(input).sum())
        {
            loss.backward();
        }

        // The native module has to read the flat vector and to write its gradients: compare with a difference quotient.
        float[] gradient = module.Gradient.data<float>().ToArray();
        foreach (int i in (int[])[0, 17, vector.Length - 1])
        {
            float saved = vector[i];
            vector[i] = saved + 1e-2f;
            module.LoadParameters(vector);
            using Tensor above = module.Module.call(input).sum();
            vector[i] = saved - 1e-2f;
            module.LoadParameters(vector);
            using Tensor below = module.Module.call(input).sum();
            vector[i] = saved;
            Assert.Equal((above.item<float>() - below.item<float>()) / 2e-2f, gradient[i], 2e-3f);
        }
    }

    [Fact]
    public void Schema_AllKindsOfTensors_NamesPartsAndShapes()
    {
        using var module = new FlatModule(new SmallNetwork(new MaskSource()), statistics: TensorScope.Local, architecture: "small");

        ModelSchema schema = module.Schema;

        Assert.Equal(
            ["conv.weight", "conv.bias", "norm.weight", "norm.bias", "fc.weight", "fc.bias"],
            schema.Of(TensorPart.Parameter).Select(tensor => tensor.Name));
        Assert.Equal(["norm.running_mean", "norm.running_var"], schema.Of(TensorPart.Statistic).Select(tensor => tensor.Name));
        Assert.Equal(["norm.num_batches_tracked"], schema.Of(TensorPart.Count).Select(tensor => tensor.Name));
        Assert.Equal([2L, 1, 3, 3], schema.Tensors[0].Shape);
        Assert.Equal((51, 4, 1), (schema.ParameterCount, schema.StatisticCount, schema.CountCount));
        Assert.False(schema.AggregatesStatistics);
        Assert.Equal("small", schema.Architecture);
    }

    [Fact]
    public void ToContent_AfterLoading_RoundTripsThroughAModelFile()
    {
        using TorchObjective objective = SmallNetwork.CreateObjective();

        ModelContent content = objective.Module.ToContent();
        ModelContent read = ModelFile.Read(ModelFile.Write(content));

        Assert.Equal(content.Parameters, read.Parameters);
        Assert.Equal([0, 0, 1, 1], read.Statistics);
        Assert.Equal(content.Schema.HashText, read.Schema.HashText);
    }

    [Fact]
    public void Initialise_SameSeed_GivesTheSameModelAndAnotherSeedAnother()
    {
        using TorchObjective first = SmallNetwork.CreateObjective(seed: 7);
        using TorchObjective second = SmallNetwork.CreateObjective(seed: 7);
        using TorchObjective other = SmallNetwork.CreateObjective(seed: 8);

        Assert.Equal(first.Module.ToContent().Parameters, second.Module.ToContent().Parameters);
        Assert.NotEqual(first.Module.ToContent().Parameters, other.Module.ToContent().Parameters);
    }

    [Fact]
    public void Initialise_FanIn_StaysInBoundsAndFillsThem()
    {
        using var linear = nn.Linear(100, 400);

        WeightInitialiser.Initialise(linear, 1);

        float[] weights = linear.weight.data<float>().ToArray();
        Assert.All(weights, weight => Assert.InRange(weight, -0.1f, 0.1f));
        Assert.Equal(0.1 * 0.1 / 3, weights.Average(weight => (double)weight * weight), 1e-4);
    }

    private sealed class LastOutput : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.LSTM lstm;

        public LastOutput()
            : base("last")
        {
            lstm = nn.LSTM(4, 5, 2, batchFirst: true);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => lstm.call(input).Item1;
    }

    [Fact]
    public void Constructor_ForForwardPassesOnly_HasLossesButNoGradients()
    {
        using var trained = new TorchObjective(new FlatModule(nn.Linear(3, 2)), [3], 2);
        using var forward = new TorchObjective(new FlatModule(nn.Linear(3, 2), trains: false), [3], 2);
        float[] features = [1, 2, 3];
        int[] labels = [1], rows = [0];
        var examples = new ExampleSet(features, 3, labels);
        trained.Select(examples, rows);
        forward.Select(examples, rows);
        float[] parameters = [1, 2, 3, 4, 5, 6, 7, 8];

        Assert.Equal(trained.Loss(parameters, [0]), forward.Loss(parameters, [0]));
        Assert.Equal(0, forward.Module.Gradient.NumberOfElements);
        Assert.Throws<InvalidOperationException>(() => forward.LossAndGradient(parameters, [0], new float[8]));
    }
}
