using System.Numerics;

namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>
/// Batcher's merge exchange (Knuth, The Art of Computer Programming 5.2.2, algorithm M; any number of rows), cut down to what is read of its
/// result. The same exchanges happen whatever the values are, so one run sorts as many coordinates as a row is wide.
/// </summary>
internal static class SelectionNetwork
{
    private const byte Unread = 0;
    private const byte Summed = 1;
    private const byte Read = 2;

    /// <summary>The exchanges that sort the rows.</summary>
    public static Exchange[] Sort(int rows)
    {
        byte[] reads = new byte[rows];
        Array.Fill(reads, Read);
        return Prune(MergeExchange(rows), reads);
    }

    /// <summary>The exchanges after which rows from <paramref name="first"/> to before <paramref name="end"/> hold, in any order, what would be there in sorted order.</summary>
    public static Exchange[] Select(int rows, int first, int end)
    {
        byte[] reads = new byte[rows];
        reads.AsSpan(first, end - first).Fill(Summed);
        return Prune(MergeExchange(rows), reads);
    }

    // Backwards: an exchange of two rows that nobody reads, or of which only the sum is read, changes nothing.
    private static Exchange[] Prune(List<(int Low, int High)> exchanges, byte[] reads)
    {
        var kept = new List<Exchange>();
        for (int i = exchanges.Count - 1; i >= 0; i--)
        {
            (int low, int high) = exchanges[i];
            if (reads[low] == reads[high] && reads[low] != Read)
            {
                continue;
            }

            kept.Add(new Exchange(low, high, reads[high] == Unread ? ExchangeKeeps.LowOnly : reads[low] == Unread ? ExchangeKeeps.HighOnly : ExchangeKeeps.Both));
            reads[low] = Read;
            reads[high] = Read;
        }

        kept.Reverse();
        return [.. kept];
    }

    private static List<(int Low, int High)> MergeExchange(int rows)
    {
        var exchanges = new List<(int Low, int High)>();
        if (rows < 2)
        {
            return exchanges;
        }

        int top = (int)(BitOperations.RoundUpToPowerOf2((uint)rows) / 2);
        for (int p = top; p > 0; p /= 2)
        {
            int q = top;
            int remainder = 0;
            int distance = p;
            while (true)
            {
                for (int i = 0; i < rows - distance; i++)
                {
                    if ((i & p) == remainder)
                    {
                        exchanges.Add((i, i + distance));
                    }
                }

                if (q == p)
                {
                    break;
                }

                distance = q - p;
                q /= 2;
                remainder = p;
            }
        }

        return exchanges;
    }
}
