using Federated.Protocol.Codecs;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Protocol.Codecs;

public sealed class ModelDifferenceTests
{
    private static readonly ModelSchema Schema = new(
        [new("w", [3]), new("mean", [2], TensorPart.Statistic), new("batches", [1], TensorPart.Count)]);

    [Fact]
    public void Write_SmallModel_GivesTheFrozenBytes()
    {
        byte[] difference = ModelDifference.Write(CodecCases.Frame("none", [1, 2, -1], CompressionLayout.Flat(3)), Next());

        Assert.Equal(
            "46444946010000001c00000000000000" + "010100001c000000030000000c0000000000803f00000040000080bf" + "0000003f00008040" + "0700000000000000",
            Convert.ToHexStringLower(difference));
    }

    [Fact]
    public void Apply_WhatWasWritten_AddsTheFrameAndTakesStatisticsAndCounts()
    {
        var model = new ModelContent(Schema, [10, 20, 30], [9, 9], [1]);

        ModelDifference.Apply(ModelDifference.Write(CodecCases.Frame("none", [1, 2, -1], CompressionLayout.Flat(3)), Next()), model);

        Assert.Equal([11, 22, 29], model.Parameters);
        Assert.Equal([0.5f, 4], model.Statistics);
        Assert.Equal([7], model.Counts);
    }

    [Fact]
    public void Apply_AnyByteChangedOrMissing_IsRefusedOrStaysFiniteAndInBounds()
    {
        byte[] good = ModelDifference.Write(CodecCases.Frame("topk:0.5", [1, 2, -1], CompressionLayout.Flat(3)), Next());
        for (int at = 0; at < good.Length; at++)
        {
            byte[] changed = [.. good];
            changed[at] ^= 0xFF;
            ApplyOrRefuse(changed);
            ApplyOrRefuse(good[..at]);
        }

        Assert.Throws<InvalidDataException>(() => ModelDifference.Apply([.. good, 0], new ModelContent(Schema, [0, 0, 0])));
    }

    [Fact]
    public void Apply_AFrameThatIsNotFinite_LeavesTheModel()
    {
        byte[] difference = ModelDifference.Write(CodecCases.Frame("none", [1, float.NaN, 0], CompressionLayout.Flat(3)), Next());
        var model = new ModelContent(Schema, [10, 20, 30], [9, 9], [1]);

        Assert.Throws<InvalidDataException>(() => ModelDifference.Apply(difference, model));

        Assert.Equal([10, 20, 30], model.Parameters);
        Assert.Equal([1], model.Counts);
    }

    private static ModelContent Next() => new(Schema, [0, 0, 0], [0.5f, 4], [7]);

    private static void ApplyOrRefuse(byte[] bytes)
    {
        var model = new ModelContent(Schema, [0, 0, 0]);
        try
        {
            ModelDifference.Apply(bytes, model);
        }
        catch (InvalidDataException)
        {
            Assert.Equal([0, 0, 0], model.Parameters);
        }

        Assert.All(model.Parameters, value => Assert.True(float.IsFinite(value)));
    }
}
