using Federated.Client.Onnx;
using Federated.Client.Sparse;
using Federated.Protocol.Models;
using Federated.Protocol.Onnx.Schema;
using Federated.UnitTests.Sparse;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Federated.UnitTests.Onnx;

public sealed class OnnxFileTests
{
    private const int Batch = 3;

    public static TheoryData<string, int[], int> Models => ZooArchitectureTests.Models;

    [Theory]
    [MemberData(nameof(Models))]
    public void Write_Dense_GivesTheScoresOfLibtorch(string name, int[] input, int classes)
    {
        ZooModel model = ZooModel.Create(name, input, classes);

        AssertScores(model, OnnxFile.Write(model.Content, ZooArchitecture.Of(model.Content.Schema, input)));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Write_Sparse_GivesTheScoresOfLibtorchFromASmallerFile(string name, int[] input, int classes)
    {
        ZooModel model = ZooModel.Create(name, input, classes, density: 0.1);
        SparseArchitecture layers = ZooArchitecture.Of(model.Content.Schema, input);

        byte[] sparse = OnnxFile.Write(model.Content, layers, SparseModelFile.NonZeros(model.Content));

        AssertScores(model, sparse);
        Assert.InRange(sparse.Length, 1, OnnxFile.Write(model.Content, layers).Length - 1);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Write_Graph_FollowsTheSpecification(string name, int[] input, int classes)
    {
        ZooModel model = ZooModel.Create(name, input, classes, density: 0.1);
        SparseArchitecture layers = ZooArchitecture.Of(model.Content.Schema, input);

        ModelProto file = ModelProto.Parser.ParseFrom(OnnxFile.Write(model.Content, layers, SparseModelFile.NonZeros(model.Content)));

        Assert.Equal(8, file.IrVersion);
        OperatorSetIdProto opset = Assert.Single(file.OpsetImport);
        Assert.Equal(("", 17L), (opset.Domain, opset.Version));
        GraphProto graph = file.Graph;
        Assert.Equal("input", Assert.Single(graph.Input).Name);
        Assert.Equal("scores", Assert.Single(graph.Output).Name);
        Assert.Equal(["batch", .. input.Select(length => $"{length}")], Dimensions(graph.Input[0]));
        Assert.Equal(["batch", $"{layers.Shapes()[^1].Channels}"], Dimensions(graph.Output[0]));

        // Static single assignment, nodes in order, names unique, every tensor used.
        var known = new HashSet<string>(StringComparer.Ordinal) { "input" };
        Assert.All(graph.Initializer, tensor => Assert.True(known.Add(tensor.Name)));
        Assert.All(graph.SparseInitializer, tensor => Assert.True(known.Add(tensor.Values.Name)));
        Assert.Equal(
            model.Content.Schema.Tensors.Where(tensor => tensor.Part != TensorPart.Count).Select(tensor => tensor.Name).Order(StringComparer.Ordinal),
            known.Where(tensor => tensor != "input").Order(StringComparer.Ordinal));
        Assert.Equal(graph.Node.Count, graph.Node.Select(node => node.Name).Distinct().Count());
        foreach (NodeProto node in graph.Node)
        {
            Assert.Contains(node.OpType, (string[])["Conv", "BatchNormalization", "Relu", "MaxPool", "GlobalAveragePool", "Gemm", "Add", "Flatten"]);
            Assert.All(node.Input, value => Assert.Contains(value, known));
            Assert.All(node.Output, value => Assert.True(known.Add(value)));
        }

        Assert.Contains("scores", known);
        Assert.All(graph.Initializer, tensor => Assert.Equal(4 * tensor.Dims.Aggregate(1L, (product, length) => product * length), tensor.RawData.Length));
        Assert.All(graph.SparseInitializer, tensor => Assert.Equal(
            (tensor.Values.RawData.Length, (int)TensorProto.Types.DataType.Int64), (tensor.Indices.RawData.Length / 2, tensor.Indices.DataType)));
    }

    [Fact]
    public void Write_TensorThatIsNotSparseEnough_StaysDense()
    {
        ZooModel model = ZooModel.Create("mlp", [9], 3);

        ModelProto file = ModelProto.Parser.ParseFrom(
            OnnxFile.Write(model.Content, ZooArchitecture.Of(model.Content.Schema, 9), SparseModelFile.NonZeros(model.Content)));

        Assert.Empty(file.Graph.SparseInitializer);
    }

    private static string[] Dimensions(ValueInfoProto value) =>
        [.. value.Type.TensorType.Shape.Dim.Select(dimension => dimension.HasDimParam ? dimension.DimParam : $"{dimension.DimValue}")];

    private static void AssertScores(ZooModel model, byte[] file)
    {
        float[] inputs = model.DrawInputs(Batch);
        float[] expected = model.Scores(inputs, Batch);

        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using var session = new InferenceSession(file, options);
        using var results = session.Run([NamedOnnxValue.CreateFromTensor("input", new DenseTensor<float>(inputs, [Batch, .. model.Input]))]);
        float[] scores = [.. results.Single().AsEnumerable<float>()];

        Assert.Equal(expected.Length, scores.Length);
        float scale = expected.Max(MathF.Abs);
        Assert.All(expected.Zip(scores), pair => Assert.InRange(pair.Second, pair.First - (1e-5f * scale), pair.First + (1e-5f * scale)));
    }
}
