using Federated.Client.Sparse;
using Federated.Protocol.Models;
using Federated.Simulation.Models;

namespace Federated.UnitTests.Sparse;

public sealed class ZooArchitectureTests
{
    public static TheoryData<string, int[], int> Models => new()
    {
        { "logistic", [13], 2 },
        { "logistic", [1, 6, 6], 10 },
        { "mlp", [9], 3 },
        { "mlp", [1, 8, 8], 10 },
        { "lenet", [1, 8, 8], 10 },
        { "lenet", [3, 25, 30], 7 },
        { "cnn", [1, 9, 11], 10 },
        { "cnn", [1, 5, 6], 3 },
        { "cnn-bn:8", [1, 9, 11], 10 },
        { "vgg11:8", [3, 32, 32], 10 },
        { "resnet18:8", [3, 17, 20], 10 },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void Of_EveryModel_UsesEveryLayersTensorsOnce(string name, int[] input, int classes)
    {
        ZooModel model = ZooModel.Create(name, input, classes);

        SparseArchitecture architecture = ZooArchitecture.Of(model.Content.Schema, input);

        Assert.Equal(
            model.Content.Schema.Tensors.Where(tensor => tensor.Name.EndsWith("weight", StringComparison.Ordinal)).Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            architecture.Layers.Where(layer => layer.Kind is SparseLayerKind.Convolution or SparseLayerKind.Linear or SparseLayerKind.BatchNorm)
                .Select(layer => layer.Tensor("weight")).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Of_EveryModel_RunsSparseToTheScoresOfLibtorch(string name, int[] input, int classes)
    {
        const int Count = 5;
        ZooModel model = ZooModel.Create(name, input, classes, density: 0.2);
        SparseNetwork network = SparseNetwork.FromModel(
            ZooArchitecture.Of(model.Content.Schema, input), model.Content.Schema, model.Content.Parameters, model.Content.Statistics);
        float[] inputs = model.DrawInputs(Count), expected = model.Scores(inputs, Count), scores = new float[expected.Length];

        new SparseInference(network).Run(inputs, scores);

        float bound = 1e-5f * expected.Max(MathF.Abs);
        Assert.All(expected.Zip(scores), pair => Assert.InRange(pair.Second, pair.First - bound, pair.First + bound));
    }

    [Fact]
    public void Of_ResNet18_HasEightAdditionsAndHalvesThreeTimes()
    {
        SparseArchitecture architecture = ZooArchitecture.Of(ModelZoo.Create("resnet18", ModelShape.Image(3, 32, 32), 10).Schema, 3, 32, 32);

        Assert.Equal(8, architecture.Layers.Count(layer => layer.Kind == SparseLayerKind.Add));
        Assert.Equal(new SparseShape(512, 4, 4), architecture.Shapes()[^3]);
    }

    [Theory]
    [InlineData("cnn", new[] { 1, 32, 32 }, "'fc' [10,128] does not take [2048], which the input [1,32,32] becomes")]
    [InlineData("cnn", new[] { 3, 8, 8 }, "'conv1' [16,1,5,5] does not take [3,8,8]")]
    [InlineData("cnn", new[] { 1, 1, 1 }, "too small")]
    [InlineData("cnn", new[] { 64 }, "[channels, height, width], not [64]")]
    [InlineData("mlp", new[] { 63 }, "does not take [63]")]
    [InlineData("mlp", new[] { 8, 8 }, "not [8,8]")]
    [InlineData("mlp", new[] { 0 }, "input")]
    public void Of_InputThatDoesNotFit_NamesTheNumbers(string model, int[] input, string expected)
    {
        ModelSchema schema = ModelZoo.Create(model, ModelShape.Image(1, 8, 8), 10).Schema;

        Assert.Contains(expected, Assert.ThrowsAny<ArgumentException>(() => ZooArchitecture.Of(schema, input)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_GroupNorm_IsRefusedWithTheReason()
    {
        ModelSchema schema = ModelZoo.Create("resnet18:8", ModelShape.Image(3, 16, 16), 10, new ModelOptions { Norm = NormKind.Group }).Schema;

        Assert.Contains("norm=group", Assert.Throws<ArgumentException>(() => ZooArchitecture.Of(schema, 3, 16, 16)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_UnknownArchitecture_ListsTheKnown() =>
        Assert.Contains(
            "'charlstm' are not known; known are logistic, mlp, lenet, cnn, cnn-bn, resnet18, vgg11",
            Assert.Throws<ArgumentException>(() => ZooArchitecture.Of(new ModelSchema([new TensorSpec("w", [1])], architecture: "charlstm"), 1)).Message,
            StringComparison.Ordinal);
}
