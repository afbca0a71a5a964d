using System.Numerics;
using Federated.Aggregation.Kernels;

namespace Federated.Aggregation.Accumulators;

/// <summary>Float section, or int64 section averaged by weight: float64 sums.</summary>
internal sealed unsafe class RealSectionAccumulator(SectionShape shape) : SectionAccumulator(shape)
{
    private readonly double[] _sum = new double[shape.Count];
    private float[]? _spare;

    public override long SumLength => (long)_sum.Length * sizeof(double);

    public override Span<byte> SumBytes(long offset, int most) => BytesOf(_sum, offset, most);

    public override void TakeBack(SectionReport report)
    {
        if (report.Single.Length == _sum.Length)
        {
            _spare = report.Single;
        }
    }

    protected override void ClearSums() => Array.Clear(_sum);

    protected override void AddSums(nint[] sources, double[] weights, int from, int to)
    {
        double[] factors = weights;
        if (Shape.Denominator != Denominator.Weight)
        {
            factors = new double[weights.Length];
            Array.Fill(factors, 1.0);
        }

        if (Shape.Decoder is { } decoder)
        {
            for (int k = 0; k < sources.Length; k++)
            {
                decoder.AddTo(new ReadOnlySpan<byte>((byte*)sources[k], checked((int)BytesAt(sources[k]))), factors[k], _sum);
            }

            return;
        }

        AddRange(sources, factors, from, to);
    }

    protected override void AddSums(SectionAccumulator other, int degree)
    {
        double[] sum = ((RealSectionAccumulator)other)._sum;
        ParallelRanges.Run(_sum.Length, degree, (from, to) =>
        {
            fixed (double* target = _sum)
            fixed (double* source = sum)
            {
                SumKernel.Add(target, source, 1, from, to);
            }
        });
    }

    protected override SectionReport Divide(int degree)
    {
        double divisor = Divisor;
        switch (Shape.Type)
        {
            case ElementType.Float32:
                float[] single = Interlocked.Exchange(ref _spare, null) ?? new float[_sum.Length];
                ParallelRanges.Run(_sum.Length, degree, (from, to) => Narrow(single, divisor, from, to));
                return new SectionReport(Shape, single, [], [], divisor, Count);
            case ElementType.Float64:
                return new SectionReport(Shape, [], [.. _sum.Select(sum => sum / divisor)], [], divisor, Count);
            default:
                return new SectionReport(Shape, [], [], [.. _sum.Select(sum => long.CreateSaturating(Math.Round(sum / divisor, MidpointRounding.ToEven)))], divisor, Count);
        }
    }

    private void AddRange(nint[] sources, double[] factors, int from, int to)
    {
        fixed (double* sum = _sum)
        {
            if (Shape.Type == ElementType.Float32)
            {
                SumKernel.Add(sum, sources, factors, from, to);
                return;
            }

            for (int k = 0; k < sources.Length; k++)
            {
                if (Shape.Type == ElementType.Float64)
                {
                    SumKernel.Add(sum, (double*)sources[k], factors[k], from, to);
                    continue;
                }

                for (int i = from; i < to; i++)
                {
                    sum[i] += factors[k] * ((long*)sources[k])[i];
                }
            }
        }
    }

    private void Narrow(float[] destination, double divisor, int from, int to)
    {
        int i = from;
        int half = Vector<double>.Count;
        var by = new Vector<double>(divisor);
        for (; i <= to - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<double> low = new Vector<double>(_sum, i) / by;
            Vector<double> high = new Vector<double>(_sum, i + half) / by;
            Vector.Narrow(low, high).CopyTo(destination, i);
        }

        for (; i < to; i++)
        {
            destination[i] = (float)(_sum[i] / divisor);
        }
    }
}
