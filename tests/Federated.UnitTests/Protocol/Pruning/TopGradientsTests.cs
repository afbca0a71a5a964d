using Federated.Coordination.Pruning;
using Federated.Numerics.Compression;
using Federated.Protocol.Codecs;
using Federated.Protocol.Pruning;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Protocol.Pruning;

public sealed class TopGradientsTests
{
    [Fact]
    public void Write_ThreeGradients_HasTheFrozenLayout()
    {
        byte[] frame = new byte[TopGradients.MostBytes(3)];

        int length = TopGradients.Write(300, [3, 4, 299], [1, -2, 0.5f], frame);

        // Frame of kind 5 over 300 elements; k = 3; float32 values; gaps 3, 0 and 294.
        Assert.Equal(
            "01050000" + "28000000" + "2C010000" + "18000000" + "03000000" + "20000000" + "0000803F" + "000000C0" + "0000003F" + "0300A602",
            Convert.ToHexString(frame.AsSpan(0, length)));
    }

    [Fact]
    public void Write_ThreeGradientsAsHalves_HasTheFrozenLayout()
    {
        byte[] frame = new byte[TopGradients.MostBytes(3, halves: true)];

        int length = TopGradients.Write(300, [3, 4, 299], [1, -2, 0.5f], frame, halves: true);

        // Frame of kind 5 over 300 elements; k = 3; float16 values, scale 2^-13; gaps 3, 0 and 294.
        Assert.Equal(
            "01050000" + "26000000" + "2C010000" + "16000000" + "03000000" + "10000000" + "00000039" + "0070" + "00F4" + "006C" + "0300A602",
            Convert.ToHexString(frame.AsSpan(0, length)));
        float[] decoded = new float[300];
        Frames.Decode(frame.AsSpan(0, length), decoded);
        Assert.Equal((1, -2, 0.5f), (decoded[3], decoded[4], decoded[299]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1e-12f)]
    [InlineData(1e30f)]
    [InlineData(1e-38f)]
    public void Write_Halves_KeepElevenBitsWhateverTheRange(float magnitude)
    {
        float[] gradients = [.. PruningModels.Gaussian(5000, 5).Select(value => value * magnitude)];
        int[] indices = new int[900];
        TopKSelection.Select(gradients, indices);
        float[] values = [.. indices.Select(index => gradients[index])];
        byte[] frame = new byte[TopGradients.MostBytes(900, halves: true)];

        int length = TopGradients.Write(gradients.Length, indices, values, frame, halves: true);
        float[] decoded = new float[gradients.Length];
        Frames.Decode(frame.AsSpan(0, length), decoded);

        Assert.True(length <= 28 + (6 * 900), $"{length}");
        Assert.All(indices, index => Assert.Equal(1.0, decoded[index] / (double)gradients[index], 1.0 / 2048));
        Assert.Equal(900, decoded.Count(value => value != 0));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Measure_HalvesWithAScaleThatIsNone_IsRefused(float scale)
    {
        byte[] frame = new byte[TopGradients.MostBytes(3, halves: true)];
        int length = TopGradients.Write(300, [3, 4, 299], [1, -2, 0.5f], frame, halves: true);
        Assert.Equal(FrameFault.None, Frames.Measure(frame.AsSpan(0, length), 300).Fault);

        System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(frame.AsSpan(24), scale);

        Assert.Equal(FrameFault.BadParameter, Frames.Measure(frame.AsSpan(0, length), 300).Fault);
    }

    [Fact]
    public void Write_HalvesThatRoundToOneAnother_AreDecidedByIndexLikeEquals()
    {
        byte[] frame = new byte[TopGradients.MostBytes(3, halves: true)];
        int length = TopGradients.Write(30, [4, 9, 20], [2, 1.0001f, 1.0002f], frame, halves: true);
        float[] decoded = new float[30];
        Frames.Decode(frame.AsSpan(0, length), decoded);

        int[] active = LayerAdjustment.Move([0, 1, 2], new float[30], decoded, 2);

        Assert.Equal([2, 4, 9], active);
    }

    [Theory]
    [InlineData(float.MaxValue)]
    [InlineData(-float.MaxValue)]
    [InlineData(3.4023e38f)]
    [InlineData(3.4e38f)]
    public void Write_HalvesOfTheLargestFloats_StayFinite(float largest)
    {
        byte[] frame = new byte[TopGradients.MostBytes(2, halves: true)];
        float[] decoded = new float[300];

        int length = TopGradients.Write(300, [3, 299], [largest, 1e38f], frame, halves: true);
        Frames.Decode(frame.AsSpan(0, length), decoded);

        // Half of the last of eleven bits, or all of it where the nearest number is none.
        Assert.Equal(FrameFault.None, Frames.Measure(frame.AsSpan(0, length), 300).Fault);
        Assert.Equal(1, decoded[3] / (double)largest, 1.0 / 2000);
        Assert.Equal(1, decoded[299] / 1e38, 1.0 / 2000);
    }

    [Fact]
    public void Write_AllGradientsAsHalves_StaysWithinTheLimitsOfAFrame()
    {
        float[] gradients = PruningModels.Gaussian(4000, 5);
        byte[] frame = new byte[TopGradients.MostBytes(4000, halves: true)];

        int length = TopGradients.Write(4000, [.. Enumerable.Range(0, 4000)], gradients, frame, halves: true);

        Assert.True(length <= FrameLimits.FrameBytes(4000) && length == 28 + (3 * 4000), $"{length}");
        Assert.Equal(FrameFault.None, Frames.Measure(frame.AsSpan(0, length), 4000).Fault);
    }

    [Fact]
    public void Write_LargestGradients_StaysWithinEightBytesEach()
    {
        ModelMask mask = PruningModels.Mask(PruningModels.Deep, 0.1, 1);
        LayerDemand[] demand = [new(3, 500), new(4, 20)];
        SectionSpec section = TopGradients.Section(mask, demand);
        float[] gradients = PruningModels.Gaussian((int)section.ElementCount, 5);
        int[] indices = new int[520];
        TopKSelection.Select(gradients, indices);
        byte[] frame = new byte[(int)section.MaxBytes];

        int length = TopGradients.Write(gradients.Length, indices, [.. indices.Select(index => gradients[index])], frame);
        float[] decoded = new float[gradients.Length];
        Frames.Decode(frame.AsSpan(0, length), decoded);

        Assert.Equal((24 + (8 * 520), 36864 + 3200), ((int)section.MaxBytes, gradients.Length));
        Assert.True(length <= 24 + (8 * 520), $"{length}");
        Assert.All(indices, index => Assert.Equal(gradients[index], decoded[index]));
        Assert.Equal(520, decoded.Count(value => value != 0));
    }

    [Fact]
    public void Under_MaskedModel_PacksVectorsOfTheParametersOnly()
    {
        ModelMask mask = PruningModels.Mask(PruningModels.Deep, 0.01, 1);

        SectionSpec delta = PackedVectors.Under(Federated.Protocol.Sections.SectionSpecs.Delta(PruningModels.Deep), mask);
        SectionSpec evaluation = Federated.Protocol.Sections.SectionSpecs.Evaluation();

        Assert.Equal((ulong)(mask.ActiveCount + 82), delta.ElementCount);
        Assert.Same(evaluation, PackedVectors.Under(evaluation, mask));
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.79)]
    [InlineData(0.77)]
    public void Write_NearlyAllGradients_StaysWithinTheLimitsOfAFrame(double share)
    {
        ModelMask mask = ModelMask.Full(PruningModels.Deep, 1);
        LayerDemand[] demand = [.. mask.Layers.Select((layer, l) => new LayerDemand(l, layer.Count))];
        SectionSpec section = TopGradients.Section(mask, demand);
        float[] gradients = PruningModels.Gaussian((int)section.ElementCount, 5);
        int[] indices = [.. Enumerable.Range(0, (int)(share * gradients.Length))];
        byte[] frame = new byte[(int)section.MaxBytes];

        int length = TopGradients.Write(gradients.Length, indices, gradients.AsSpan(0, indices.Length), frame);
        float[] decoded = new float[gradients.Length];
        Frames.Decode(frame.AsSpan(0, length), decoded);

        Assert.True(length <= FrameLimits.FrameBytes(gradients.Length), $"{length}");
        Assert.Equal([.. gradients.Take(indices.Length), .. new float[gradients.Length - indices.Length]], decoded);
    }
}
