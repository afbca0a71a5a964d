using System.Runtime.InteropServices;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Functions;

/// <summary>The running weighted sum of one section.</summary>
internal sealed class SectionSum(SectionSpec spec)
{
    private readonly double[] _sum = new double[checked((int)spec.ElementCount)];

    public void Add(ReadOnlySpan<byte> payload, double weight)
    {
        double factor = spec.Denominator == SectionDenominator.Weight ? weight : 1;
        switch (spec.Dtype)
        {
            case SectionDType.F32:
                ReadOnlySpan<float> single = MemoryMarshal.Cast<byte, float>(payload);
                for (int i = 0; i < single.Length; i++)
                {
                    _sum[i] += factor * single[i];
                }

                break;
            case SectionDType.F64:
                ReadOnlySpan<double> wide = MemoryMarshal.Cast<byte, double>(payload);
                for (int i = 0; i < wide.Length; i++)
                {
                    _sum[i] += factor * wide[i];
                }

                break;
            case SectionDType.I64:
                ReadOnlySpan<long> counts = MemoryMarshal.Cast<byte, long>(payload);
                for (int i = 0; i < counts.Length; i++)
                {
                    _sum[i] += factor * counts[i];
                }

                break;
            default:
                throw new NotSupportedException($"Sections of {spec.Dtype} cannot be summed.");
        }
    }

    public void Add(SectionSum other)
    {
        for (int i = 0; i < _sum.Length; i++)
        {
            _sum[i] += other._sum[i];
        }
    }

    public SectionAggregate Divide(double totalWeight, long updates)
    {
        double divisor = spec.Denominator switch
        {
            SectionDenominator.Weight => totalWeight,
            SectionDenominator.Updates => updates,
            _ => 1,
        };
        return SectionSpecs.WidthOf(spec.Dtype) == sizeof(float)
            ? new SectionAggregate(spec, [.. _sum.Select(value => (float)(value / divisor))], [], divisor)
            : new SectionAggregate(spec, [], [.. _sum.Select(value => value / divisor)], divisor);
    }
}
