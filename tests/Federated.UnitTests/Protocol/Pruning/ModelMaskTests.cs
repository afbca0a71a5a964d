using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Protocol.Pruning;

public sealed class ModelMaskTests
{
    [Fact]
    public void Of_SmallModel_TakesWeightsOfConvolutionsAndLinearLayersOnly()
    {
        Assert.Equal(["conv.weight", "fc.weight"], PrunableLayer.Of(PruningModels.Small).Select(layer => layer.Name));
        Assert.Equal([0, 80], PrunableLayer.Of(PruningModels.Small).Select(layer => layer.Start));
    }

    [Fact]
    public void ToBytes_SmallMask_HasTheFrozenLayout()
    {
        ModelMask mask = ModelMask.Create(PruningModels.Small, 3, [[0, 5, 71], [.. Enumerable.Range(0, 40).Where(i => i % 2 == 0)]]);

        // "FMSK", version 1, epoch 3, two layers; three gaps; twenty of forty as a bitmap.
        Assert.Equal(
            "464D534B0100000003000000000000000200000000030000000004410114000000" + "5555555555",
            Convert.ToHexString(mask.ToBytes()));
        Assert.Equal("058bc74a", mask.HashText[..8]);
    }

    [Theory]
    [InlineData(0.01)]
    [InlineData(0.3)]
    [InlineData(1)]
    public void Parse_WrittenMask_IsTheSame(double density)
    {
        ModelMask mask = PruningModels.Mask(PruningModels.Deep, density, 1, epoch: 12);

        ModelMask read = ModelMask.Parse(PruningModels.Deep, mask.ToBytes());

        Assert.Equal(mask.HashText, read.HashText);
        Assert.Equal((12, mask.ActiveCount, mask.ByteLength), (read.Epoch, read.ActiveCount, read.ToBytes().Length));
        Assert.All(Enumerable.Range(0, mask.Layers.Length), l => Assert.True(mask.Active(l).SequenceEqual(read.Active(l))));
    }

    [Fact]
    public void Unpack_PackedVector_IsTheMaskedVector()
    {
        ModelMask mask = PruningModels.Mask(PruningModels.Deep, 0.1, 2);
        float[] vector = PruningModels.Gaussian(mask.ParameterCount, 1), masked = [.. vector];
        float[] packed = new float[mask.PackedCount], unpacked = PruningModels.Gaussian(mask.ParameterCount, 2);

        mask.Pack(vector, packed);
        mask.Unpack(packed, unpacked);
        mask.Apply(masked);

        Assert.Equal(masked, unpacked);
        for (int l = 0; l < mask.Layers.Length; l++)
        {
            PrunableLayer layer = mask.Layers[l];
            Assert.Equal(mask.CountOf(l), masked.AsSpan(layer.Start, layer.Count).ToArray().Count(value => value != 0));
        }

        Assert.Equal(vector.AsSpan(layerEnd(mask, 1), 32), masked.AsSpan(layerEnd(mask, 1), 32));
        static int layerEnd(ModelMask mask, int l) => mask.Layers[l].Start + mask.Layers[l].Count;
    }

    [Fact]
    public void OfLargest_EqualMagnitudes_TakesTheLowerIndices()
    {
        float[] parameters = new float[PruningModels.Small.ParameterCount];
        parameters.AsSpan(80, 40).Fill(-1);
        parameters[85] = 2;

        ModelMask mask = ModelMask.OfLargest(PruningModels.Small, 1, parameters, [9, 3]);

        Assert.Equal([0, 1, 5], mask.Active(1).ToArray());
        Assert.Equal(Enumerable.Range(0, 9), mask.Active(0).ToArray());
        Assert.True(mask.IsActive(1, 5));
        Assert.False(mask.IsActive(1, 6));
    }

    [Fact]
    public void Create_IndicesOutOfOrderOrRange_Throws()
    {
        Assert.Throws<ArgumentException>(() => ModelMask.Create(PruningModels.Small, 1, [[1, 1], [0]]));
        Assert.Throws<ArgumentException>(() => ModelMask.Create(PruningModels.Small, 1, [[2, 1], [0]]));
        Assert.Throws<ArgumentException>(() => ModelMask.Create(PruningModels.Small, 1, [[72], [0]]));
        Assert.Throws<ArgumentException>(() => ModelMask.Create(PruningModels.Small, 1, [[-1], [0]]));
        Assert.Throws<ArgumentException>(() => ModelMask.Create(PruningModels.Small, 1, [[0]]));
    }

    [Fact]
    public void Parse_OtherModel_NamesTheReason()
    {
        byte[] bytes = PruningModels.Mask(PruningModels.Small, 0.1, 3).ToBytes();

        var error = Assert.Throws<InvalidDataException>(() => ModelMask.Parse(PruningModels.Deep, bytes));

        Assert.Contains("6 prunable layers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_ModelWithoutMatrices_HasNothingToPrune()
    {
        var schema = new ModelSchema([new("w", [5])]);

        ModelMask mask = ModelMask.Full(schema, 0);

        Assert.Equal((0, 0, 5, 1.0), (mask.PrunableCount, mask.ActiveCount, mask.PackedCount, mask.Density));
    }
}
