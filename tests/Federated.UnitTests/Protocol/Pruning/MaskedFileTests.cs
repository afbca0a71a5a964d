using System.Text;
using Federated.Numerics;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Protocol.Pruning;

public sealed class MaskedFileTests
{
    [Fact]
    public void Read_WrittenMaskedModel_IsTheSame()
    {
        ModelContent model = Model();

        byte[] file = ModelFile.Write(model);
        ModelContent read = ModelFile.Read(file);

        Assert.Equal(ModelFile.SizeOf(model), file.Length);
        Assert.Equal(model.Mask!.HashText, read.Mask!.HashText);
        Assert.Equal(model.Schema.HashText, read.Schema.HashText);
        Assert.Equal((5, 5), (read.Schema.MaskEpoch, read.Mask.Epoch));
        Assert.Equal(model.Parameters, read.Parameters);
        Assert.Equal(model.Statistics, read.Statistics);
    }

    [Fact]
    public void Write_MaskedModel_TakesTheActiveWeightsAndTheMask()
    {
        ModelContent dense = ModelContent.Zeros(PruningModels.Deep), masked = ModelContent.Zeros(PruningModels.Deep);
        masked.Use(PruningModels.Mask(PruningModels.Deep, 0.01, 1));

        Assert.InRange(ModelFile.SizeOf(masked) - (4 * masked.Mask!.PackedCount) - masked.Mask.ByteLength, 0, 2000);
        Assert.True(ModelFile.SizeOf(masked) < ModelFile.SizeOf(dense) / 15);
    }

    [Fact]
    public void Read_OverAModelOfAnotherMask_ReplacesTheMask()
    {
        ModelContent first = Model(stream: 1), second = Model(stream: 2);

        ModelContent read = ModelFile.Read(ModelFile.Write(second), over: first);

        Assert.Same(first, read);
        Assert.Equal(second.Mask!.HashText, read.Mask!.HashText);
        Assert.Equal(second.Parameters, read.Parameters);
    }

    [Fact]
    public void Read_BytesTurned_ReadsAModelOrRefuses()
    {
        byte[] good = ModelFile.Write(Model());
        var random = new CounterRandom(4, RandomPurpose.Test);
        int refused = 0;
        for (int attempt = 0; attempt < 1000; attempt++)
        {
            byte[] bad = good[..(random.NextInt(4) == 0 ? random.NextInt(good.Length) : good.Length)];
            for (int turned = random.NextInt(3); turned >= 0 && bad.Length > 0; turned--)
            {
                bad[random.NextInt(bad.Length)] = (byte)random.NextUInt32();
            }

            try
            {
                ModelFile.Read(bad);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 300, 1000);
    }

    [Fact]
    public void Read_SchemaFarLargerThanTheFile_TakesNoMemory()
    {
        var schema = new ModelSchema([new("w", [30_000, 50_000])], maskEpoch: 1);
        string header = $$$"""{"__metadata__":{"federated.schema":{{{System.Text.Json.JsonSerializer.Serialize(Encoding.UTF8.GetString(schema.ToJsonBytes()))}}}},"federated.packed":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"federated.mask":{"dtype":"U8","shape":[8],"data_offsets":[16,24]}}""";
        byte[] file = [.. BitConverter.GetBytes((long)header.Length), .. Encoding.UTF8.GetBytes(header), .. new byte[24]];
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains("4 of 1500000000 parameters", Assert.Throws<InvalidDataException>(() => ModelFile.Read(file)).Message, StringComparison.Ordinal);

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void Use_MaskOfAnotherModel_Throws() =>
        Assert.Throws<ArgumentException>(() => ModelContent.Zeros(PruningModels.Small).Use(PruningModels.Mask(PruningModels.Deep, 0.1, 1)));

    private static ModelContent Model(uint stream = 1)
    {
        var model = new ModelContent(PruningModels.Small, PruningModels.Gaussian(PruningModels.Small.ParameterCount, stream), PruningModels.Gaussian(8, 9));
        model.Use(PruningModels.Mask(PruningModels.Small, 0.2, stream, epoch: 5));
        return model;
    }
}
