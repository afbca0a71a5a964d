using System.IO.Hashing;
using System.Runtime.InteropServices;
using CsCheck;
using Federated.Aggregator.Ingest;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Aggregator;

public sealed class PayloadInspectorTests
{
    private static readonly SectionHeader[] Sections =
    [
        Section(SectionRole.Delta, SectionDType.F32, 20_011),
        Section(SectionRole.Counts, SectionDType.U8, 3),
        Section(SectionRole.Evaluation, SectionDType.F64, 2_500),
        Section(SectionRole.Counts, SectionDType.I64, 5),
        Section(SectionRole.Gradient, SectionDType.F32, 7),
    ];

    private static readonly int Length = (int)Sections.Sum(section => (long)section.ByteLength);

    [Fact]
    public void Advance_AnyCut_GivesTheSameNormAndChecksum()
    {
        byte[] payload = Finite();
        PayloadInspector whole = Inspect(payload, [Length]);

        Gen.Int[1, Length].Array[0, 40].Sample(
            cuts =>
            {
                PayloadInspector cut = Inspect(payload, [.. cuts.Order(), Length]);
                return cut.Norm.Equals(whole.Norm) && cut.Checksum == whole.Checksum && cut.IsFinite;
            },
            iter: 200);
    }

    [Fact]
    public void Norm_OfAllFloatSections_EqualsTheDoubleReference()
    {
        byte[] payload = Finite();
        double sum = 0;
        foreach (PayloadRange range in PayloadRange.Of(Sections))
        {
            ReadOnlySpan<byte> bytes = payload.AsSpan(range.Start, range.Length);
            if (range.Type == SectionDType.F32)
            {
                foreach (float value in MemoryMarshal.Cast<byte, float>(bytes))
                {
                    sum += (double)value * value;
                }
            }
            else if (range.Type == SectionDType.F64)
            {
                foreach (double value in MemoryMarshal.Cast<byte, double>(bytes))
                {
                    sum += value * value;
                }
            }
        }

        PayloadInspector inspector = Inspect(payload, [Length]);

        Assert.Equal(1, inspector.Norm / Math.Sqrt(sum), 1e-6);
        Assert.Equal(XxHash3.HashToUInt64(payload), inspector.Checksum);
    }

    [Fact]
    public void IsFinite_NotANumberAnywhere_IsFalse()
    {
        Gen.Select(Gen.Int[0, 20_010], Gen.OneOf(Gen.Const(float.NaN), Gen.Const(float.PositiveInfinity), Gen.Const(float.NegativeInfinity))).Sample(
            (index, value) =>
            {
                byte[] payload = Finite();
                MemoryMarshal.Write(payload.AsSpan(index * sizeof(float)), value);
                return !Inspect(payload, [1000, Length]).IsFinite;
            },
            iter: 50);
    }

    [Fact]
    public void Norm_SquaresBeyondSingle_IsFiniteAndRight()
    {
        byte[] payload = MemoryMarshal.AsBytes<float>([3e30f, 4e30f]).ToArray();
        var inspector = new PayloadInspector(PayloadRange.Of([Section(SectionRole.Delta, SectionDType.F32, 2)]));

        inspector.Advance(payload, payload.Length);

        Assert.True(inspector.IsFinite);
        Assert.Equal(1, inspector.Norm / 5e30, 1e-6);
    }

    [Fact]
    public void Norm_HalfAndBrainFloats_AreMeasured()
    {
        byte[] half = MemoryMarshal.AsBytes<Half>([(Half)3, (Half)4]).ToArray();
        byte[] brain = MemoryMarshal.AsBytes<ushort>([0x4140]).ToArray();
        byte[] payload = [.. half, .. brain];
        var inspector = new PayloadInspector(PayloadRange.Of(
            [Section(SectionRole.Delta, SectionDType.F16, 2), Section(SectionRole.Control, SectionDType.Bf16, 1)]));

        inspector.Advance(payload, payload.Length);

        Assert.Equal(13, inspector.Norm, 1e-9);
    }

    [Fact]
    public void IsFinite_MaskedIntegers_AreNotLookedAt()
    {
        byte[] payload = MemoryMarshal.AsBytes<float>([float.NaN]).ToArray();
        var inspector = new PayloadInspector(PayloadRange.Of([Section(SectionRole.Masked, SectionDType.F32, 1)]));

        inspector.Advance(payload, payload.Length);

        Assert.True(inspector.IsFinite);
        Assert.Equal(0, inspector.Norm);
    }

    private static SectionHeader Section(SectionRole role, SectionDType type, long count) =>
        SectionSpecs.DenseHeader(SectionSpecs.Dense(role, type, count, SectionDenominator.Weight));

    private static PayloadInspector Inspect(byte[] payload, int[] positions)
    {
        var inspector = new PayloadInspector(PayloadRange.Of(Sections));
        foreach (int position in positions)
        {
            inspector.Advance(payload, position);
        }

        return inspector;
    }

    private static byte[] Finite()
    {
        var payload = new byte[Length];
        foreach (PayloadRange range in PayloadRange.Of(Sections))
        {
            Span<byte> bytes = payload.AsSpan(range.Start, range.Length);
            if (range.Type == SectionDType.F32)
            {
                Span<float> values = MemoryMarshal.Cast<byte, float>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = MathF.Cos(i) * 0.01f;
                }
            }
            else if (range.Type == SectionDType.F64)
            {
                Span<double> values = MemoryMarshal.Cast<byte, double>(bytes);
                for (int i = 0; i < values.Length; i++)
                {
                    values[i] = Math.Sin(i);
                }
            }
            else
            {
                bytes.Fill(0xFF);
            }
        }

        return payload;
    }
}
