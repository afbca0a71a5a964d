using System.CommandLine;
using Federated.Client.Sparse;
using Federated.Client.Sparse.Files;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Samples.Simulation;
using Federated.UnitTests.Sparse;

namespace Federated.UnitTests.Simulation.CommandLine;

public sealed class ExportCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("federated-export-").FullName;
    private readonly ZooModel _model = ZooModel.Create("lenet", [1, 8, 8], 10, density: 0.05);

    public ExportCommandTests() => File.WriteAllBytes(Path.Combine(_folder, "model.safetensors"), ModelFile.Write(_model.Content));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Export_ResultFolder_WritesEveryFormatWithTheSameWeights()
    {
        int code = Run(_folder, "--input", "8x8");

        Assert.Equal(0, code);
        Assert.Equal(
            ["model.dense.safetensors", "model.fedtiny", "model.onnx", "model.safetensors", "model.sparse.onnx", "model.sparse.safetensors"],
            Directory.GetFiles(_folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Equal(_model.Content.Parameters, ModelFile.Read(Bytes("model.sparse.safetensors")).Parameters);
        using FedTinyFile tiny = FedTinyFile.Open(Path.Combine(_folder, "model.fedtiny"));
        float[] inputs = _model.DrawInputs(4), expected = _model.Scores(inputs, 4), scores = new float[expected.Length];
        new SparseInference(tiny.Network).Run(inputs, scores);
        Assert.All(expected.Zip(scores), pair => Assert.Equal(pair.First, pair.Second, 1e-5f * expected.Max(MathF.Abs)));
        Assert.True(Bytes("model.fedtiny").Length < Bytes("model.onnx").Length / 5);
    }

    [Fact]
    public void Export_ModelUnderAMask_TakesItsMaskAndWritesPlainDenseTensors()
    {
        ModelMask mask = SparseModelFile.NonZeros(_model.Content).With(4, [.. PrunableLayer.Of(_model.Content.Schema).Select(layer => new[] { 0, layer.Count - 1 })]);
        _model.Content.Use(mask);
        File.WriteAllBytes(Path.Combine(_folder, "model.safetensors"), ModelFile.Write(_model.Content));

        Assert.Equal(0, Run(_folder, "--input", "8x8"));

        ModelContent dense = ModelFile.Read(Bytes("model.dense.safetensors"));
        Assert.Equal((4L, null), (dense.Schema.MaskEpoch, dense.Mask));
        Assert.Equal(_model.Content.Parameters, dense.Parameters);
        Assert.Equal(mask.HashText, ModelFile.Read(Bytes("model.sparse.safetensors")).Mask?.HashText);
        using FedTinyFile tiny = FedTinyFile.Open(Path.Combine(_folder, "model.fedtiny"));
        Assert.Equal(4, tiny.MaskEpoch);
    }

    [Fact]
    public void Export_WithAMask_DropsWhatItLeavesOut()
    {
        ModelMask mask = SparseModelFile.NonZeros(_model.Content);
        ModelMask half = mask.With(0, [.. Enumerable.Range(0, mask.Layers.Length).Select(l => mask.Active(l)[..(mask.CountOf(l) / 2)].ToArray())]);
        File.WriteAllBytes(Path.Combine(_folder, "mask"), half.ToBytes());

        int code = Run(Path.Combine(_folder, "model.safetensors"), "--format", "sparse-safetensors", "--mask", Path.Combine(_folder, "mask"), "--output", Path.Combine(_folder, "out"));

        Assert.Equal(0, code);
        byte[] file = File.ReadAllBytes(Assert.Single(Directory.GetFiles(Path.Combine(_folder, "out"))));
        Assert.Equal(half.HashText, ModelFile.Read(file).Mask?.HashText);
    }

    [Theory]
    [InlineData("need the shape of an example", "model.safetensors")]
    [InlineData("There is no format 'tflite'", "model.safetensors", "--format", "tflite")]
    [InlineData("expected N, HxW or CxHxW", "model.safetensors", "--input", "8by8")]
    [InlineData("does not take [3,8,8]", "model.safetensors", "--input", "3x8x8")]
    [InlineData("nothing.safetensors", "nothing.safetensors", "--format", "safetensors")]
    public void Export_WhatCannotBe_SaysWhyAndWritesNothing(string expected, params string[] line)
    {
        line[0] = Path.Combine(_folder, line[0]);
        using var error = new StringWriter();

        int code = Run(error, line);

        Assert.Equal(1, code);
        Assert.Contains(expected, error.ToString(), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder));
    }

    private static int Run(params string[] line) => Run(TextWriter.Null, line);

    private static int Run(TextWriter error, params string[] line) =>
        ExportCommand.Create().Parse(line).Invoke(new InvocationConfiguration { Error = error, Output = TextWriter.Null });

    private byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(_folder, name));
}
