using System.Collections.Immutable;
using Federated.Client.Sparse;
using Federated.Client.Torch;
using Federated.Client.Torch.Models;
using Federated.Numerics;
using Federated.Protocol.Models;
using TorchSharp;

namespace Federated.UnitTests.Sparse;

public sealed class DeadChannelTests
{
    private const int Count = 6;

    public static TheoryData<string, double> Networks() => new()
    {
        { "residual", 0.3 },
        { "residual", 0.7 },
        { "residual", 1 },
        { "pooled", 0.3 },
        { "pooled", 0.7 },
    };

    [Theory]
    [MemberData(nameof(Networks))]
    public void WithoutDeadChannels_EmptyRows_KeepsTheScores(string name, double share)
    {
        SparseArchitecture architecture = name == "residual" ? SparseModels.Residual(width: 12) : SparseModels.Pooled();
        ModelContent model = SparseModels.Random(SparseModels.SchemaOf(architecture), density: 0.5);
        EmptyRows(model, share);
        SparseNetwork network = SparseNetwork.FromModel(architecture, model.Schema, model.Parameters, model.Statistics);
        float[] images = SparseModels.Images(Count, network.InputLength);

        SparseNetwork smaller = network.WithoutDeadChannels();

        Assert.True(smaller.DenseCount < network.DenseCount, $"{smaller.DenseCount} of {network.DenseCount} weights are left");
        Closeness.Holds(Run(network, images).Select(score => (double)score), Run(smaller, images));
        Closeness.Holds(Run(network, images).Select(score => (double)score), RunDense(smaller, images));
        double[] expected = [.. new NaiveNetwork(architecture, model).Forward(images)[architecture.Layers.Length - 1].SelectMany(scores => scores)];
        Closeness.Holds(expected, Run(smaller, images));
    }

    [Theory]
    [InlineData("cnn-bn:8", new[] { 1, 28, 28 })]
    [InlineData("resnet18:8", new[] { 3, 16, 16 })]
    [InlineData("vgg11:8", new[] { 3, 32, 32 })]
    [InlineData("lenet", new[] { 1, 28, 28 })]
    public void WithoutDeadChannels_ModelsOfTheZoo_EqualLibtorch(string name, int[] input)
    {
        ZooModel model = ZooModel.Create(name, input, 10, density: 0.3);
        EmptyRows(model.Content, 0.5);
        float[] images = model.DrawInputs(Count), expected = model.Scores(images, Count);
        SparseNetwork network = SparseNetwork.FromModel(ZooArchitecture.Of(model.Content.Schema, input), model.Content.Schema, model.Content.Parameters, model.Content.Statistics);

        SparseNetwork smaller = network.WithoutDeadChannels();

        Assert.True(smaller.DenseCount < 0.75 * network.DenseCount, $"{smaller.DenseCount} of {network.DenseCount} weights are left");
        Closeness.Holds(expected.Select(score => (double)score), RunDense(smaller, images));
        Closeness.Holds(expected.Select(score => (double)score), Run(smaller, images));
        Assert.Equal(smaller.DenseCount, smaller.WithoutDeadChannels().DenseCount);
    }

    [Fact]
    public void WithoutDeadChannels_ConstantsBeforePadding_StayAsOne()
    {
        // Channels 1 and 2 of the first layer are constants, 3 is zero, and nothing depends on 4.
        SparseArchitecture architecture = Chain(padding: 1);
        SparseNetwork network = Network(architecture, shifts: [0.5f, 2, -3, 0, 1]);
        float[] images = SparseModels.Images(Count, network.InputLength);

        SparseNetwork smaller = network.WithoutDeadChannels();

        Assert.Equal([2, 3, 3], smaller.Architecture.Layers.Select(layer => layer.Outputs));
        Closeness.Holds(Run(network, images).Select(score => (double)score), Run(smaller, images));
    }

    [Fact]
    public void WithoutDeadChannels_ConstantsWithoutPadding_GoIntoTheBias()
    {
        SparseArchitecture architecture = Chain(padding: 0);
        SparseNetwork network = Network(architecture, shifts: [0.5f, 2, -3, 0, 1]);
        float[] images = SparseModels.Images(Count, network.InputLength);

        SparseNetwork smaller = network.WithoutDeadChannels();

        Assert.Equal([1, 3, 3], smaller.Architecture.Layers.Select(layer => layer.Outputs));
        Closeness.Holds(Run(network, images).Select(score => (double)score), Run(smaller, images));
    }

    [Fact]
    public void WithoutDeadChannels_NothingIsLeft_KeepsAChannelAndTheConstantScores()
    {
        SparseArchitecture architecture = Chain(padding: 1);
        ModelContent model = SparseModels.Random(SparseModels.SchemaOf(architecture), density: 1);
        EmptyRows(model, 1.1);
        SparseNetwork network = SparseNetwork.FromModel(architecture, model.Schema, model.Parameters, model.Statistics);
        float[] images = SparseModels.Images(Count, network.InputLength);

        SparseNetwork smaller = network.WithoutDeadChannels();

        Assert.Equal([1, 1, 3], smaller.Architecture.Layers.Select(layer => layer.Outputs));
        Closeness.Holds(Run(network, images).Select(score => (double)score), Run(smaller, images));
    }

    [Fact]
    public void Dispose_DenseNetwork_LeavesNoTensorBehind()
    {
        SparseNetwork network = Network(Chain(padding: 1), shifts: [0.5f, 2, -3, 0, 1]);
        RunDense(network, SparseModels.Images(Count, network.InputLength));
        long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;

        RunDense(network, SparseModels.Images(Count, network.InputLength));

        Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    private static SparseArchitecture Chain(int padding) => new()
    {
        Channels = 2,
        Height = 7,
        Width = 7,
        Layers =
        [
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "a", Outputs = 5, Kernel = 3 },
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "b", Outputs = 3, Kernel = 3, Padding = padding },
            new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "c", Outputs = 3, Kernel = padding == 0 ? 3 : 5 },
        ],
    };

    /// <summary>Channels 1 to 3 of the first layer have no weights, and nothing takes channel 4.</summary>
    private static SparseNetwork Network(SparseArchitecture architecture, float[] shifts)
    {
        ModelContent model = SparseModels.Random(SparseModels.SchemaOf(architecture), density: 1);
        Span<float> first = model.Parameters.AsSpan(0, 5 * 18);
        first[18..72].Clear();
        shifts.CopyTo(model.Parameters.AsSpan(90));
        Span<float> second = model.Parameters.AsSpan(95, 3 * 45);
        for (int row = 0; row < 3; row++)
        {
            second.Slice((row * 45) + 36, 9).Clear();
        }

        return SparseNetwork.FromModel(architecture, model.Schema, model.Parameters, model.Statistics);
    }

    /// <summary>Empties a share of the rows of every matrix but the last.</summary>
    private static void EmptyRows(ModelContent model, double share)
    {
        var random = new CounterRandom(3, RandomPurpose.Test);
        ImmutableArray<TensorSpec> tensors = [.. model.Schema.Of(TensorPart.Parameter)];
        string last = tensors.Last(tensor => tensor.Shape.Length > 1).Name;
        int at = 0;
        foreach (TensorSpec tensor in tensors)
        {
            int row = tensor.Shape.Length < 2 ? 0 : (int)(tensor.ElementCount / tensor.Shape[0]);
            for (int i = 0; row > 0 && tensor.Name != last && i < tensor.Shape[0]; i++)
            {
                if (random.NextDouble() < share)
                {
                    model.Parameters.AsSpan(at + (i * row), row).Clear();
                }
            }

            at += (int)tensor.ElementCount;
        }
    }

    private static float[] Run(SparseNetwork network, float[] images)
    {
        float[] scores = new float[Count * network.OutputLength];
        new SparseInference(network).Run(images, scores);
        return scores;
    }

    private static float[] RunDense(SparseNetwork network, float[] images)
    {
        TorchRuntime.Initialise();
        using DisposeScope scope = torch.NewDisposeScope();
        using var dense = new DenseNetwork(network);
        return dense.call(torch.tensor(images).view(Count, -1)).data<float>().ToArray();
    }
}
