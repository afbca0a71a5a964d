using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Protocol.Pruning;

public sealed class MaskRemapTests
{
    [Theory]
    [InlineData(0.01, 0.01)]
    [InlineData(0.3, 0.1)]
    [InlineData(0.1, 1)]
    [InlineData(1, 0.5)]
    public void Map_AnyTwoMasks_IsUnpackApplyPack(double before, double after)
    {
        ModelMask from = PruningModels.Mask(PruningModels.Deep, before, 1), to = PruningModels.Mask(PruningModels.Deep, after, 2, epoch: 5);
        float[] packed = PruningModels.Gaussian(from.PackedCount, 3);

        var remap = MaskRemap.Between(from, to);
        float[] mapped = remap.Map<float>(packed);

        Assert.Equal(Naive(from, to, packed, 0), mapped);
        Assert.Equal((1, 5), (remap.FromEpoch, remap.ToEpoch));
        Assert.Equal(mapped.Count(value => value != 0), remap.SharedCount);
    }

    [Fact]
    public void Overlay_WhatWasGrown_StaysAsItIs()
    {
        ModelMask from = PruningModels.Mask(PruningModels.Small, 0.4, 1), to = PruningModels.Mask(PruningModels.Small, 0.5, 2);
        float[] packed = PruningModels.Gaussian(from.PackedCount, 3);
        float[] mapped = Enumerable.Repeat(7f, to.PackedCount).ToArray();

        MaskRemap.Between(from, to).Overlay<float>(packed, mapped);

        Assert.Equal(Naive(from, to, packed, 7), mapped);
    }

    [Fact]
    public void Map_ThereAndBack_KeepsWhatBothHave()
    {
        ModelMask from = PruningModels.Mask(PruningModels.Deep, 0.2, 1), to = PruningModels.Mask(PruningModels.Deep, 0.2, 2);
        double[] packed = [.. PruningModels.Gaussian(from.PackedCount, 3).Select(value => (double)value)];
        MaskRemap there = MaskRemap.Between(from, to), back = MaskRemap.Between(to, from);

        double[] once = there.Map<double>(packed);
        double[] again = there.Map<double>(back.Map<double>(once));

        Assert.Equal(once, again);
        Assert.Equal(there.SharedCount, back.SharedCount);
    }

    [Fact]
    public void Map_TheSameMask_ChangesNothing()
    {
        ModelMask mask = PruningModels.Mask(PruningModels.Deep, 0.1, 1);
        float[] packed = PruningModels.Gaussian(mask.PackedCount, 3);

        Assert.Equal(packed, MaskRemap.Between(mask, mask.With(9, [.. Enumerable.Range(0, mask.Layers.Length).Select(l => mask.Active(l).ToArray())])).Map<float>(packed));
    }

    [Fact]
    public void Between_OtherModelOrLength_IsRefused()
    {
        ModelMask mask = PruningModels.Mask(PruningModels.Small, 0.4, 1);

        Assert.Throws<ArgumentException>(() => MaskRemap.Between(mask, PruningModels.Mask(PruningModels.Deep, 0.4, 1)));
        Assert.Throws<ArgumentException>(() => MaskRemap.Between(mask, mask).Map<float>(new float[mask.PackedCount + 1]));
    }

    /// <summary>Element by element over the flat vector.</summary>
    private static float[] Naive(ModelMask from, ModelMask to, float[] packed, float grown)
    {
        bool[] had = Flags(from), has = Flags(to);
        float[] flat = new float[from.ParameterCount];
        from.Unpack(packed, flat);
        return [.. Enumerable.Range(0, flat.Length).Where(i => has[i]).Select(i => had[i] ? flat[i] : grown)];
    }

    private static bool[] Flags(ModelMask mask)
    {
        float[] ones = Enumerable.Repeat(1f, mask.ParameterCount).ToArray();
        mask.Apply(ones);
        return [.. ones.Select(value => value == 1)];
    }
}
