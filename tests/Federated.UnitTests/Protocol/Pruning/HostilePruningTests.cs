using System.Buffers.Binary;
using Federated.Numerics;
using Federated.Protocol.Codecs;
using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Protocol.Pruning;

public sealed class HostilePruningTests
{
    [Theory]
    [InlineData(0.01)]
    [InlineData(0.5)]
    public void Parse_MaskBytesTurned_ReadsAMaskOrRefuses(double density)
    {
        byte[] good = PruningModels.Mask(PruningModels.Deep, density, 1).ToBytes();

        Turn(good, bytes => ModelMask.Parse(PruningModels.Deep, bytes).ToBytes());
    }

    [Fact]
    public void Parse_DifferenceBytesTurned_ReadsAStepOrRefuses()
    {
        ModelMask from = PruningModels.Mask(PruningModels.Deep, 0.1, 1, epoch: 1), to = PruningModels.Mask(PruningModels.Deep, 0.1, 2, epoch: 2);

        Turn(MaskDifference.Between(from, to).ToBytes(), bytes => MaskDifference.Parse(from, bytes).ToMask());
    }

    [Fact]
    public void Parse_CountBeyondTheBytes_TakesNoMemory()
    {
        // A layer of 73,728 coordinates whose mask claims them all in no byte.
        byte[] bytes = PruningModels.Mask(PruningModels.Deep, 0.5, 1).ToBytes()[..25];
        bytes[20] = 0;
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(21), 432);
        long before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Contains("432 indices in 0 bytes", Assert.Throws<InvalidDataException>(() => ModelMask.Parse(PruningModels.Deep, bytes)).Message, StringComparison.Ordinal);

        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 50_000);
    }

    [Fact]
    public void Parse_IndexOutOfRange_NamesIt()
    {
        byte[] bytes = ModelMask.Create(PruningModels.Small, 1, [[0, 5, 71], [1]]).ToBytes();
        bytes[27]++;

        Assert.Contains("Index 2 of layer 'conv.weight' is 72; it must be below 72", Assert.Throws<InvalidDataException>(() => ModelMask.Parse(PruningModels.Small, bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Measure_TopGradients_RefusesWhatIsOutOfRangeDuplicatedOrNotFinite()
    {
        byte[] frame = new byte[TopGradients.MostBytes(3)];
        int length = TopGradients.Write(100, [3, 50, 99], [1, -2, 3], frame);
        int gaps = 16 + 8 + 12;

        Assert.Equal(new FrameMeasure(FrameFault.None, 14), Frames.Measure(frame.AsSpan(0, length), 100));
        Assert.Equal(FrameFault.BadIndex, Frames.Measure(Turned(gaps + 2, 49), 100).Fault);
        Assert.Equal(FrameFault.NotFinite, Frames.Measure(Turned(16 + 8 + 3, 0x7F, 16 + 8 + 2, 0xC0), 100).Fault);
        Assert.Equal(FrameFault.WrongLength, Frames.Measure(frame.AsSpan(0, length), 101).Fault);

        // The same index twice, or a lower one, would be a negative gap: as an unsigned number it leads beyond the end.
        byte[] again = [.. frame.AsSpan(0, gaps + 1), 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, .. frame.AsSpan(gaps + 2, 1)];
        BinaryPrimitives.WriteInt32LittleEndian(again.AsSpan(4), again.Length);
        BinaryPrimitives.WriteInt32LittleEndian(again.AsSpan(12), again.Length - 16);
        Assert.Equal(FrameFault.BadIndex, Frames.Measure(again, 100).Fault);

        byte[] Turned(params int[] places)
        {
            byte[] turned = frame[..length];
            for (int i = 0; i < places.Length; i += 2)
            {
                turned[places[i]] = (byte)places[i + 1];
            }

            return turned;
        }
    }

    /// <summary>Whatever bytes are turned, the reader gives something whole or refuses with a reason.</summary>
    private static void Turn(byte[] good, Action<byte[]> read)
    {
        var random = new CounterRandom(3, RandomPurpose.Test);
        int refused = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int attempt = 0; attempt < 2000; attempt++)
        {
            byte[] bad = good[..(random.NextInt(4) == 0 ? random.NextInt(good.Length) : good.Length)];
            for (int turned = random.NextInt(4); turned >= 0 && bad.Length > 0; turned--)
            {
                bad[random.NextInt(2) == 0 ? random.NextInt(Math.Min(60, bad.Length)) : random.NextInt(bad.Length)] = (byte)random.NextUInt32();
            }

            try
            {
                read(bad);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.True(refused > 500);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 2000L * (1_000_000 + (20 * good.Length)));
    }
}
