using System.Buffers.Binary;
using CsCheck;
using Federated.Client.Sparse;
using Federated.Client.Sparse.Files;
using Federated.Numerics;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Sparse.Files;

public sealed class HostileFedTinyFileTests
{
    private static readonly byte[] Small = TinyNetworks.File(TinyNetworks.Small(), TinyNetworks.SmallSchema);

    [Theory]
    [InlineData(8, 2, "Header: 'version' is 2; this build reads 1")]
    [InlineData(12, 0, "Header: 'layers' is 0")]
    [InlineData(12, -1, "Header: 'layers' is -1")]
    [InlineData(12, int.MaxValue, "Header: 'layers' is 2147483647; a file of 520 bytes holds 1 to 4")]
    [InlineData(16, 0, "The layers make no network")]
    [InlineData(16, 4, "does not fit a matrix of 2 × 3")]
    [InlineData(20, 1 << 20, "The layers make no network")]
    [InlineData(28, 3, "Header: 'scores' is 3; the last layer puts out 2")]
    [InlineData(32, 519, "Header: 'file bytes' is 519; the file has 520")]
    [InlineData(80, 1, "Header: 'reserved'")]
    [InlineData(96, 9, "Layer 0: 'kind' is 9; 0 to 8 is possible")]
    [InlineData(96, 3, "Layer 0: 'columns' is 3; it must be 0")]
    [InlineData(100, 0, "Layer 0: 'first input' is 0")]
    [InlineData(196, 1, "Layer 1: 'first input' is 1")]
    [InlineData(104, -3, "Layer 0: 'second input' is -3")]
    [InlineData(108, -1, "Layer 0: 'outputs' is -1")]
    [InlineData(108, 1 << 20, "Layer 0: its columns start at byte 384; behind the section before them that is byte")]
    [InlineData(124, int.MaxValue, "Layer 0: with it the layers need 2147483652 floats for one example")]
    [InlineData(128, int.MaxValue, "Layer 0: 'entries' is 2147483647; 0 to 6 is possible")]
    [InlineData(128, 6, "there are 3 pointers, 6 columns and 6 values")]
    [InlineData(132, int.MaxValue, "Layer 0: 'scales' is 2147483647")]
    [InlineData(136, 1 << 20, "Layer 0: its sections end at byte 4194816; the file has 520")]
    [InlineData(140, 7, "Layer 0: 'reserved' is 7")]
    [InlineData(144, 384, "Layer 0: its row pointers start at byte 384")]
    [InlineData(152, 320, "Layer 0: its columns start at byte 320; behind the section before them that is byte 384")]
    [InlineData(160, 384, "Layer 0: its values start at byte 384")]
    [InlineData(176, int.MaxValue, "Layer 0: its shifts start at byte")]
    [InlineData(320, 1, "Layer 0: ")]
    [InlineData(324, 9, "Layer 0: Row 0 runs from entry 0 to 9 of 3")]
    [InlineData(324, -1, "Layer 0: Row 0")]
    [InlineData(328, 2, "Layer 0: ")]
    [InlineData(384, 3, "Layer 0: Row 0 has column 3")]
    [InlineData(384, -1, "Layer 0: Row 0 has column -1")]
    [InlineData(392, 0, "Layer 0: Row 1 has column 0 after 0")]
    public void Parse_FalseField_IsRefusedByName(int offset, int value, string expected)
    {
        InvalidDataException exception = Assert.Throws<InvalidDataException>(() => FedTinyFile.Parse(TinyNetworks.With(Small, offset, value)));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_AnyTruncation_IsRefused() =>
        Assert.All(Enumerable.Range(0, Small.Length), length => Assert.Throws<InvalidDataException>(() => FedTinyFile.Parse(Small[..length])));

    [Fact]
    public void Parse_BytesBehindTheFile_AreRefused() =>
        Assert.Contains("'file bytes' is 520; the file has 521", Assert.Throws<InvalidDataException>(() => FedTinyFile.Parse([.. Small, 0])).Message, StringComparison.Ordinal);

    [Fact]
    public void Parse_AnyFlippedBit_IsRefusedOrChangesNothing()
    {
        float[] inputs = [1, 2, 3], expected = TinyNetworks.Scores(TinyNetworks.Small(), inputs);
        for (int bit = 0; bit < 8 * Small.Length; bit++)
        {
            byte[] damaged = [.. Small];
            damaged[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                using FedTinyFile file = FedTinyFile.Parse(damaged);
                Assert.Equal(expected, TinyNetworks.Scores(file.Network, inputs));
            }
            catch (InvalidDataException)
            {
            }
        }
    }

    [Fact]
    public void Parse_HugePadding_TakesNoMemory()
    {
        SparseNetwork network = TinyNetworks.Of(ZooModel.Create("cnn-bn:8", [1, 9, 11], 10, density: 0.1));
        byte[] file = TinyNetworks.File(network, TinyNetworks.SmallSchema);

        // The first convolution: kernel 6,001 with padding 6,000 over a few pixels; 36 million columns and not one entry more.
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(96 + 16), 6_001);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(96 + 24), 6_000);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(96 + 28), 6_001 * 6_001);
        TinyNetworks.Reseal(file);

        Assert.Contains("floats for one example; the reader allows 16777216", Assert.Throws<InvalidDataException>(() => FedTinyFile.Parse(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_FieldsDrawnAtRandom_AreRefusedOrRun()
    {
        SparseNetwork network = TinyNetworks.Of(ZooModel.Create("cnn-bn:8", [1, 9, 11], 10, density: 0.1));
        byte[] valid = TinyNetworks.File(network, TinyNetworks.SmallSchema);
        int table = (96 + (96 * network.Weights.Length)) / 4;
        float[] input = new float[64 * 64];

        // Fields of the table and of sections, small and huge numbers, with checksums that fit.
        Gen.Select(
            Gen.OneOf(Gen.Int[2, table - 1], Gen.Int[0, (valid.Length / 4) - 1]),
            Gen.OneOf(Gen.Int[-3, 40], Gen.Int, Gen.OneOf(Gen.Const(int.MinValue), Gen.Const(int.MaxValue), Gen.Const(1 << 20), Gen.Const(1 << 16)))).List[1, 3].Sample(
            changes =>
            {
                byte[] file = [.. valid];
                foreach ((int word, int value) in changes)
                {
                    BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4 * word), value);
                }

                TinyNetworks.Reseal(file);
                try
                {
                    using FedTinyFile read = FedTinyFile.Parse(file, maxActivations: 1 << 16);
                    if (read.Network.InputLength <= input.Length)
                    {
                        TinyNetworks.Scores(read.Network, input[..read.Network.InputLength]);
                    }
                }
                catch (InvalidDataException)
                {
                }
            },
            iter: 3000,
            threads: 1);
    }

    [Theory]
    [InlineData("small", 1)]
    [InlineData("residual", 2)]
    [InlineData("pooled", 3)]
    [InlineData("mlp", 4)]
    public void Parse_FilesOfAnAttacker_AreRefusedOrRunInTheMemoryThatIsAllowed(string name, uint stream)
    {
        const int MaxActivations = 1 << 16;
        byte[] valid = Valid(name);
        var random = new CounterRandom(7, RandomPurpose.Test, stream);
        float[] input = SparseModels.Images(1, 4096);
        int ran = 0, refused = 0;
        for (int attempt = 0; attempt < 4000; attempt++)
        {
            byte[] file = FedTinyMutation.Of(valid, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using FedTinyFile read = FedTinyFile.Parse(file, MaxActivations);
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000 + (4L * file.Length));
                if (read.Network.InputLength <= input.Length)
                {
                    TinyNetworks.Scores(read.Network, input[..read.Network.InputLength]);
                    ran++;
                }
            }
            catch (InvalidDataException exception)
            {
                Assert.True(exception.Message.Length is > 10 and < 500, exception.Message);
                Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000 + (4L * file.Length));
                refused++;
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16L * sizeof(float) * MaxActivations);
        }

        // Far enough that networks are made of what was changed, and not so that everything is let in.
        Assert.InRange(ran, 40, 3000);
        Assert.True(refused > 1000, $"{refused}");
    }

    private static byte[] Valid(string name)
    {
        if (name is "small")
        {
            return Small;
        }

        if (name is "mlp")
        {
            return TinyNetworks.File(TinyNetworks.Of(ZooModel.Create("mlp", [16], 4, density: 0.02)), TinyNetworks.SmallSchema);
        }

        SparseArchitecture architecture = name is "residual" ? SparseModels.Residual() : SparseModels.Pooled();
        ModelContent model = SparseModels.Random(SparseModels.SchemaOf(architecture), density: 0.2);
        return TinyNetworks.File(SparseNetwork.FromModel(architecture, model.Schema, model.Parameters, model.Statistics), TinyNetworks.SmallSchema);
    }
}
