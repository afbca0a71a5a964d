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

        using var stream = new MemoryStream(Write(there));
        here.MergeWith(UpdateAccumulator.Read(stream, cohort.Sections, 1));
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

        using var stream = new MemoryStream(Write(there));
        here.MergeWith(UpdateAccumulator.Read(stream, Sections, 1));
        AggregateReport report = here.Report();

        Assert.Equal([2f, 3f], report.Sections[0].Single);
        Assert.Equal([7L], report.Sections[1].Integer);
        Assert.Equal((4, 1), (report.Sections[0].Divisor, report.Sections[1].Divisor));
    }

    [Fact]
    public void Read_AnyDamagedByte_IsRefused()
    {
        byte[] good = Write(Known());
        for (int i = 0; i < good.Length; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x40;

            Assert.Throws<InvalidDataException>(() => Read(bad));
            Assert.Throws<InvalidDataException>(() => Read(good[..i]));
        }
    }

    [Fact]
    public void Read_OtherSections_NamesThem()
    {
        using var stream = new MemoryStream(Write(Known()));

        var exception = Assert.Throws<InvalidDataException>(() => UpdateAccumulator.Read(stream, Sections.SetItem(0, Sections[0] with { Count = 3 })));

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
        using var stream = new MemoryStream();
        accumulator.Write(stream);
        return stream.ToArray();
    }

    private static UpdateAccumulator Read(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return UpdateAccumulator.Read(stream, Sections, 1);
    }
}
