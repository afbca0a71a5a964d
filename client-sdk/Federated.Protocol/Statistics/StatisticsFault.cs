using System.Runtime.InteropServices;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Protocol.Statistics;

/// <summary>Finds sums that no data have. A device that sends them is broken or lies, and one of them would spoil the sums of all.</summary>
public static class StatisticsFault
{
    // Sums over any number of values are rounded; what is this much beyond the bound is not a matter of rounding.
    private const double Slack = 1e-6;

    /// <summary>What is impossible about the update of a STATISTICS task; null when nothing is.</summary>
    /// <param name="sections">Its sections, as <see cref="StatisticsShape.Sections"/> gives them.</param>
    /// <param name="payload">Their bytes; every float is finite.</param>
    /// <param name="examples">The examples that the device claims.</param>
    public static string? Find(IEnumerable<SectionSpec> sections, ReadOnlySpan<byte> payload, double examples)
    {
        ArgumentNullException.ThrowIfNull(sections);
        foreach (SectionSpec section in sections)
        {
            int length = checked((int)SectionSpecs.DenseBytes(section));
            ReadOnlySpan<byte> bytes = payload[..length];
            payload = payload[length..];
            string? fault = section.Role == SectionRole.Counts
                ? InHistogram(MemoryMarshal.Cast<byte, long>(bytes))
                : InMoments(MemoryMarshal.Cast<byte, double>(bytes), section.Role == SectionRole.Scalars ? examples : double.PositiveInfinity);
            if (fault is not null)
            {
                return $"Section {section.Role}: {fault}";
            }
        }

        return null;
    }

    private static string? InHistogram(ReadOnlySpan<long> counts)
    {
        for (int i = 0; i < counts.Length; i++)
        {
            if (counts[i] < 0)
            {
                return $"label {i} has the count {counts[i]}; a count is at least 0.";
            }
        }

        return null;
    }

    private static string? InMoments(ReadOnlySpan<double> section, double most)
    {
        int columns = section.Length / MomentSums.Width;
        for (int i = 0; i < columns; i++)
        {
            double count = section[i], sum = section[columns + i], squares = section[(2 * columns) + i];
            if (count < 0 || count != Math.Floor(count) || count > most)
            {
                return FormattableString.Invariant($"column {i} has the count {count}; it must be a whole number from 0 to {most}, the examples claimed.");
            }

            if (squares < 0 || (count == 0 && (sum != 0 || squares != 0)) || sum * sum > count * squares * (1 + Slack))
            {
                return FormattableString.Invariant($"column {i} has {count} values with the sum {sum} and the sum of squares {squares}, which no values have.");
            }
        }

        return null;
    }
}
