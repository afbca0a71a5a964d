using System.Collections.Immutable;
using Federated.Aggregation.Accumulators;

namespace Federated.UnitTests.Aggregation;

public sealed class PartialFormatTests
{
    private static readonly ImmutableArray<SectionShape> Sections =
    [
        new SectionShape(ElementType.Float32, 2, Denominator.Weight),
        new SectionShape(ElementType.Int64, 1, Denominator.Updates),
    ];

    // The frozen bytes: to change the layout, raise PartialFormat.Version and keep reading these.
    private const string Frozen =
        "46504152020002000100000000000000" + "0000000000000840" +
        "01010000000000000200000000000000" + "01000000000000000000000000000840" +
        "03020000000000000100000000000000" + "01000000000000000000000000000840" +
        "000000000000084000000000000018C0" + "FBFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF";

    [Fact]
    public void Write_KnownPartial_GivesTheFrozenBytes()
    {
        byte[] bytes = Write(Known());

        Assert.Equal(Frozen, Convert.ToHexString(bytes.AsSpan(0, bytes.Length - 8)));
        Assert.Equal(Known().PartialBytes, bytes.Length);
        Assert.Equal(System.IO.Hashing.XxHash3.HashToUInt64(bytes.AsSpan(0, bytes.Length - 8)), BitConverter.ToUInt64(bytes, bytes.Length - 8));
    }

    [Fact]
    public void Read_WhatWasWritten_GoesOnWithTheSameBits()
    {
        var cohort = new TestUpdates(3, 5, 150_000);
        UpdateAccumulator here = cohort.Leaf(0, 1, 2), there = cohort.Leaf(3, 4), direct = cohort.Leaf(3, 4);

        here.MergeWith(Read(Write(there), cohort.Sections));
        UpdateAccumulator local = cohort.Leaf(0, 1, 2);
        local.MergeWith(direct);

        Assert.Equal(local.Report().Sections[0].Single, here.Preview().Sections[0].Single);
        cohort.AssertMean(here.Report(), [0, 1, 2, 3, 4]);
    }

    [Fact]
    public void Read_SectionsCarriedBySome_DividesByTheCarriersOfBoth()
    {
        UpdateAccumulator here = new(Sections, 1), there = new(Sections, 1);
        here.Accumulate([.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(2f)], 3, [0]);
        there.Accumulate([.. BitConverter.GetBytes(5f), .. BitConverter.GetBytes(6f)], 1, [0]);
        there.Accumulate(BitConverter.GetBytes(7L), 10, [1]);

        here.MergeWith(Read(Write(there), Sections));
        AggregateReport report = here.Report();

        Assert.Equal([2f, 3f], report.Sections[0].Single);
        Assert.Equal([7L], report.Sections[1].Integer);
        Assert.Equal((4, 1), (report.Sections[0].Divisor, report.Sections[1].Divisor));
    }

    [Fact]
    public void WriteAndRead_AnyPieces_CarryTheSameBytes()
    {
        var cohort = new TestUpdates(4, 2, 1003);
        UpdateAccumulator source = cohort.Leaf(0, 1);
        byte[] whole = Write(source);
        var random = new Federated.Numerics.CounterRandom(9, Federated.Numerics.RandomPurpose.Test);

        var target = new UpdateAccumulator(cohort.Sections, 1);
        PartialReader reader = target.BeginRead();
        PartialWriter writer = source.BeginWrite();
        List<byte> pieces = [];
        while (!reader.IsComplete)
        {
            byte[] piece = new byte[1 + random.NextInt(40)];
            int written = writer.Write(piece);
            pieces.AddRange(piece.AsSpan(0, written));
            reader.Append(piece.AsSpan(0, written));
        }

        Assert.Equal(whole, pieces);
        Assert.Equal(source.Preview().Sections[0].Single, target.Report().Sections[0].Single);
    }

    [Fact]
    public void Clear_AfterUse_BeginsAnew()
    {
        var cohort = new TestUpdates(4, 3, 100);
        UpdateAccumulator used = cohort.Leaf(0, 1), other = cohort.Leaf(2);
        other.MergeWith(used);

        used.Clear();
        used.Accumulate(cohort.Payload(1), cohort.Weights[1]);
        used.Add(cohort.Leaf(2));

        cohort.AssertMean(used.Report(), [1, 2]);
        cohort.AssertMean(other.Report(), [0, 1, 2]);
    }

    [Fact]
    public void Read_AnyDamagedByte_IsRefused()
    {
        byte[] good = Write(Known());
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x40;

            Assert.Throws<InvalidDataException>(() => Read(bad, Sections));
            Assert.Throws<InvalidDataException>(() => Read([.. good, good[i]], Sections));
            UpdateAccumulator half = new(Sections, 1);
            PartialReader reader = half.BeginRead();
            reader.Append(good.AsSpan(0, i));
            Assert.False(reader.IsComplete);
            Assert.Equal(0, half.Count);
        }
    }

    [Fact]
    public void Read_OtherSections_NamesThem()
    {
        byte[] bytes = Write(Known());

        var exception = Assert.Throws<InvalidDataException>(() => Read(bytes, Sections.SetItem(0, Sections[0] with { Count = 3 })));

        Assert.Contains("Count = 3", exception.Message, StringComparison.Ordinal);
    }

    private static UpdateAccumulator Known()
    {
        var accumulator = new UpdateAccumulator(Sections, 1);
        accumulator.Accumulate([.. BitConverter.GetBytes(1f), .. BitConverter.GetBytes(-2f), .. BitConverter.GetBytes(-5L)], 3);
        return accumulator;
    }

    private static byte[] Write(UpdateAccumulator accumulator)
    {
        byte[] bytes = new byte[accumulator.PartialBytes];
        PartialWriter writer = accumulator.BeginWrite();
        Assert.Equal(bytes.Length, writer.Write(bytes));
        Assert.Equal(0, writer.Write(new byte[1]));
        return bytes;
    }

    private static UpdateAccumulator Read(byte[] bytes, ImmutableArray<SectionShape> sections)
    {
        var accumulator = new UpdateAccumulator(sections, 1);
        accumulator.BeginRead().Append(bytes);
        return accumulator;
    }
}
