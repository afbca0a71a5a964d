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
