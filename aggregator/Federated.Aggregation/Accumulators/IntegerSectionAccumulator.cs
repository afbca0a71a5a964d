namespace Federated.Aggregation.Accumulators;

/// <summary>Unweighted int64 section: exact 128-bit sums, so the order of updates cannot matter.</summary>
internal sealed unsafe class IntegerSectionAccumulator(SectionShape shape) : SectionAccumulator(shape)
{
    private readonly Int128[] _sum = new Int128[shape.Count];

    public override long SumLength => (long)_sum.Length * sizeof(Int128);

    public override Span<byte> SumBytes(long offset, int most) => BytesOf(_sum, offset, most);

    protected override void ClearSums() => Array.Clear(_sum);

    protected override void AddSums(nint[] sources, double[] weights, int from, int to)
    {
        foreach (nint source in sources)
        {
            var values = (long*)source;
            for (int i = from; i < to; i++)
            {
                _sum[i] += values[i];
            }
        }
    }

    protected override void AddSums(SectionAccumulator other, int degree)
    {
        Int128[] sum = ((IntegerSectionAccumulator)other)._sum;
        for (int i = 0; i < sum.Length; i++)
        {
            _sum[i] += sum[i];
        }
    }

    protected override SectionReport Divide(int degree)
    {
        long divisor = Shape.Denominator == Denominator.Updates ? Count : 1;
        long[] values = [.. _sum.Select(sum => Round(sum, divisor))];
        return new SectionReport(Shape, [], [], values, divisor, Count);
    }

    private static long Round(Int128 sum, long divisor)
    {
        (Int128 quotient, Int128 remainder) = Int128.DivRem(sum, divisor);
        Int128 twice = Int128.Abs(remainder) * 2;
        if (twice > divisor || (twice == divisor && !Int128.IsEvenInteger(quotient)))
        {
            quotient += Int128.Sign(sum);
        }

        return long.CreateSaturating(quotient);
    }
}
