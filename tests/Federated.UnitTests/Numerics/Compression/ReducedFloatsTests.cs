using Federated.Numerics.Compression;

namespace Federated.UnitTests.Numerics.Compression;

public sealed class ReducedFloatsTests
{
    private static readonly float[] Edges =
        [0, -0f, 1, -1, 1 + (1 / 512f), 1 + (3 / 512f), 65504, 65519, 65520, -1e9f, 1e-8f, 1e-40f, float.MaxValue, -float.MaxValue];

    [Fact]
    public void ToHalf_Edges_RoundToNearestAndStayFinite()
    {
        var halves = new Half[Edges.Length];
        float[] back = new float[Edges.Length];

        ReducedFloats.ToHalf(Edges, halves);
        ReducedFloats.FromHalf(halves, back);

        Assert.Equal([0, -0f, 1, -1, 1 + (1 / 512f), 1 + (3 / 512f), 65504, 65504, 65504, -65504, 0, 0, 65504, -65504], back);
    }

    [Fact]
    public void ToBrain_Edges_RoundToNearestEvenAndStayFinite()
    {
        ushort[] brains = new ushort[Edges.Length];
        float[] back = new float[Edges.Length];

        ReducedFloats.ToBrain(Edges, brains);
        ReducedFloats.FromBrain(brains, back);

        float largest = BitConverter.UInt32BitsToSingle(0x7F7F0000);
        Assert.Equal(1, back[4]);
        Assert.Equal(1 + (1 / 128f), back[5]);
        Assert.Equal([largest, -largest], back[^2..]);
        Assert.All(back, value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Both_GaussianVector_KeepTheirContraction()
    {
        float[] values = CompressionData.Gaussian(10_001);
        var halves = new Half[values.Length];
        ushort[] brains = new ushort[values.Length];
        float[] fromHalf = new float[values.Length];
        float[] fromBrain = new float[values.Length];

        ReducedFloats.ToHalf(values, halves);
        ReducedFloats.FromHalf(halves, fromHalf);
        ReducedFloats.ToBrain(values, brains);
        ReducedFloats.FromBrain(brains, fromBrain);

        Assert.True(Contraction.Measure(values, fromHalf) >= Contraction.OfReducedFloat(11));
        Assert.True(Contraction.Measure(values, fromBrain) >= Contraction.OfReducedFloat(8));
    }
}
