using Federated.Client.Sparse;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Sparse;

public sealed class SparseInferenceTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1)]
    [InlineData(16, 1)]
    [InlineData(37, 2)]
    public void Run_ResidualNetwork_EqualsTheDenseReference(int count, int workers)
    {
        Check(SparseModels.Residual(), 0.2, count, workers);
    }

    [Theory]
    [InlineData(1, 0.3)]
    [InlineData(5, 1.0)]
    [InlineData(20, 0.05)]
    public void Run_PooledNetwork_EqualsTheDenseReference(int count, double density)
    {
        Check(SparseModels.Pooled(), density, count, workers: 2);
    }

    [Theory]
    [InlineData(3, 1, 1, 16, 16)]
    [InlineData(3, 2, 1, 16, 16)]
    [InlineData(3, 2, 1, 9, 7)]
    [InlineData(1, 1, 0, 8, 8)]
    [InlineData(1, 2, 0, 8, 7)]
    [InlineData(5, 3, 2, 11, 12)]
    [InlineData(3, 4, 0, 12, 12)]
    public void Run_Convolution_EqualsTheDenseReference(int kernel, int stride, int padding, int height, int width)
    {
        var layer = new SparseLayer { Kind = SparseLayerKind.Convolution, Name = "conv", Outputs = 9, Kernel = kernel, Stride = stride, Padding = padding };
        foreach (int count in (int[])[1, 4, 16])
        {
            Check(SparseModels.Single(layer, 4, height, width), 0.15, count, workers: 1);
            Check(SparseModels.Single(layer, 4, height, width), 0, count, workers: 1);
        }
    }

    [Theory]
    [InlineData(130, 0.02)]
    [InlineData(1, 0.5)]
    [InlineData(17, 1.0)]
    public void Run_Linear_EqualsTheDenseReference(int count, double density)
    {
        Check(SparseModels.Single(new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc", Outputs = 33 }, 150, 1, 1), density, count, workers: 2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(16)]
    public void Run_PaddedConvolutionOfFeatures_EqualsTheDenseReference(int count) => Check(SparseModels.Flattened(), 0.4, count, workers: 1);

    [Fact]
    public void Run_AnyNumberOfWorkers_GivesTheSameBits()
    {
        SparseArchitecture architecture = SparseModels.Residual();
        ModelContent content = SparseModels.Random(SparseModels.SchemaOf(architecture), 0.2);
        SparseNetwork network = SparseNetwork.FromModel(architecture, content.Schema, content.Parameters, content.Statistics);
        float[] images = SparseModels.Images(70, network.InputLength), one = new float[70 * 5], three = new float[70 * 5];

        new SparseInference(network).Run(images, one);
        new SparseInference(network, workers: 3).Run(images, three);

        Assert.Equal(one, three);
    }

    [Fact]
    public void FromModel_NormAfterConvolution_IsFolded()
    {
        SparseArchitecture architecture = SparseModels.Residual();
        ModelContent content = SparseModels.Random(SparseModels.SchemaOf(architecture), 0.2);

        SparseNetwork network = SparseNetwork.FromModel(architecture, content.Schema, content.Parameters, content.Statistics);

        Assert.DoesNotContain(network.Architecture.Layers, layer => layer.Kind == SparseLayerKind.BatchNorm);
        Assert.Equal(content.Parameters.AsSpan(0, 162).ToArray().Count(value => value != 0), network.Weights[0].Matrix!.Count);
    }

    [Fact]
    public void Run_WrongLengths_NamesThem()
    {
        SparseNetwork network = new(
            SparseModels.Single(new SparseLayer { Kind = SparseLayerKind.Linear, Outputs = 2 }, 3, 1, 1),
            [new SparseLayerWeights(CsrMatrix.FromDense(2, 3, [1, 0, 2, 0, 3, 0]), default, default)]);

        Assert.Throws<ArgumentException>(() => new SparseInference(network).Run(new float[7], new float[4]));
        Assert.Throws<ArgumentException>(() => new SparseInference(network).Run(new float[6], new float[3]));
    }

    private static void Check(SparseArchitecture architecture, double density, int count, int workers)
    {
        ModelContent content = SparseModels.Random(SparseModels.SchemaOf(architecture), density);
        SparseNetwork network = SparseNetwork.FromModel(architecture, content.Schema, content.Parameters, content.Statistics);
        float[] images = SparseModels.Images(count, network.InputLength), scores = new float[count * network.OutputLength];

        new SparseInference(network, workers).Run(images, scores);

        double[][][] reference = new NaiveNetwork(architecture, content).Forward(images);
        Closeness.Holds(reference[^2].SelectMany(example => example), scores);
    }
}
