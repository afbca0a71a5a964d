using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Protocol.Pruning;

public sealed class MaskDifferenceTests
{
    [Theory]
    [InlineData(0.02, 0.02)]
    [InlineData(0.5, 0.4)]
    [InlineData(0.01, 1)]
    public void Parse_WrittenStep_MakesTheSecondMask(double first, double second)
    {
        ModelMask from = PruningModels.Mask(PruningModels.Deep, first, 1, epoch: 4), to = PruningModels.Mask(PruningModels.Deep, second, 2, epoch: 5);

        byte[] bytes = MaskDifference.Between(from, to).ToBytes();
        MaskDifference read = MaskDifference.Parse(from, bytes);

        Assert.Equal(to.HashText, read.ToMask().HashText);
        Assert.Equal((4, 5), (read.FromEpoch, read.Epoch));
        foreach (LayerChange change in read.Layers)
        {
            Assert.All(change.Dropped, index => Assert.True(from.IsActive(change.Layer, index) && !to.IsActive(change.Layer, index)));
            Assert.All(change.Grown, index => Assert.True(!from.IsActive(change.Layer, index) && to.IsActive(change.Layer, index)));
        }
    }

    [Fact]
    public void ToBytes_OneLayerChanged_HasTheFrozenLayout()
    {
        ModelMask from = ModelMask.Create(PruningModels.Small, 3, [[0, 5, 71], [1, 2]]);
        ModelMask to = from.With(4, [[0, 6, 71], [1, 2]]);

        // "FMDF", version 1, epochs 3 and 4, the start's hash, one layer: number 0, two coordinates as gaps 5 and 0.
        Assert.Equal(
            "464D4446" + "01000000" + "0300000000000000" + "0400000000000000" + Convert.ToHexString(from.Hash[..8]) + "01000000" + "00000000" + "00020000000500",
            Convert.ToHexString(MaskDifference.Between(from, to).ToBytes()));
    }

    [Fact]
    public void ToBytes_FewChanges_AreFarSmallerThanTheMask()
    {
        ModelMask from = PruningModels.Mask(PruningModels.Deep, 0.1, 1);
        int[][] active = [.. Enumerable.Range(0, from.Layers.Length).Select(l => from.Active(l).ToArray())];
        active[1] = active[1][1..];

        byte[] bytes = MaskDifference.Between(from, from.With(2, active)).ToBytes();

        Assert.True(bytes.Length < from.ByteLength / 10, $"{bytes.Length} of {from.ByteLength}");
    }

    [Theory]
    [InlineData(0.01, 0.3)]
    [InlineData(0.1, 0.15)]
    [InlineData(0.5, 0.3)]
    public void ToBytes_AnAdjustment_TakesAGapAMoveOrABitmap(double density, double moved)
    {
        ModelMask from = PruningModels.Mask(PruningModels.Deep, density, 1);
        ModelMask other = PruningModels.Mask(PruningModels.Deep, 2 * density, 2);
        int[][] active = new int[from.Layers.Length][];
        int most = 36;
        for (int l = 0; l < active.Length; l++)
        {
            int[] grown = [.. other.Active(l).ToArray().Where(index => !from.IsActive(l, index)).Take((int)(moved * from.CountOf(l)))];
            active[l] = [.. from.Active(l).ToArray().Skip(grown.Length).Concat(grown).Order()];

            // Number of the layer, form and count; then a gap of at most three bytes for each that is dropped or grown, or a bit for each that there is.
            most += grown.Length == 0 ? 0 : 9 + Math.Min((from.Layers[l].Count + 7) / 8, 3 * 2 * grown.Length);
        }

        ModelMask to = from.With(2, active);
        byte[] bytes = MaskDifference.Between(from, to).ToBytes();

        Assert.Equal(from.ActiveCount, to.ActiveCount);
        Assert.InRange(bytes.Length, 100, most);
    }

    [Fact]
    public void Parse_AnotherStart_IsRefused()
    {
        ModelMask from = PruningModels.Mask(PruningModels.Small, 0.2, 1), other = PruningModels.Mask(PruningModels.Small, 0.2, 2);
        byte[] bytes = MaskDifference.Between(from, other.With(2, [other.Active(0).ToArray(), other.Active(1).ToArray()])).ToBytes();

        Assert.Contains("another mask", Assert.Throws<InvalidDataException>(() => MaskDifference.Parse(other, bytes)).Message, StringComparison.Ordinal);
    }
}
