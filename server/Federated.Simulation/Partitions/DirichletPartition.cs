using Federated.Numerics;
using Federated.Simulation.Data;

namespace Federated.Simulation.Partitions;

/// <summary>
/// Per class a draw of Dir(alpha) over the clients; a client that holds its fair share n/N already gets nothing of the class. Redrawn until every client
/// has the minimum: as many examples as there are classes where the data allow it, fewer where they are scarce.
/// </summary>
internal static class DirichletPartition
{
    private const int DrawsPerMinimum = 50;

    public static int[][] Deal(Dataset dataset, int clients, double alpha, ulong seed)
    {
        int[][] classes = RowsByClass.Of(dataset);
        int minimum = Math.Max(1, Math.Min(dataset.ClassCount, dataset.Train.Length / clients / 2));
        var random = new CounterRandom(seed, RandomPurpose.Partition);
        for (; ; minimum = Math.Max(1, minimum / 2))
        {
            int best = 0;
            for (int draw = 0; draw < DrawsPerMinimum; draw++)
            {
                List<int>[] parts = Draw(classes, clients, dataset.Train.Length, alpha, random);
                int smallest = parts.Min(part => part.Count);
                best = Math.Max(best, smallest);
                if (smallest >= minimum)
                {
                    return [.. parts.Select(part => part.ToArray())];
                }
            }

            if (minimum == 1)
            {
                List<int>[] parts = Draw(classes, clients, dataset.Train.Length, alpha, random);
                FeedTheEmpty(parts);
                return [.. parts.Select(part => part.ToArray())];
            }
        }
    }

    // With a tiny alpha and many clients some stay empty in every draw; the largest part gives one example to each.
    private static void FeedTheEmpty(List<int>[] parts)
    {
        foreach (List<int> empty in parts.Where(part => part.Count == 0))
        {
            List<int> largest = parts.MaxBy(part => part.Count)!;
            empty.Add(largest[^1]);
            largest.RemoveAt(largest.Count - 1);
        }
    }

    private static List<int>[] Draw(int[][] classes, int clients, int total, double alpha, CounterRandom random)
    {
        List<int>[] parts = [.. Enumerable.Range(0, clients).Select(_ => new List<int>())];
        double[] shares = new double[clients];
        foreach (int[] rows in classes)
        {
            int[] order = [.. rows];
            random.Shuffle(order.AsSpan());
            random.NextDirichlet(alpha, shares);
            double sum = 0;
            for (int i = 0; i < clients; i++)
            {
                shares[i] = (long)parts[i].Count * clients >= total ? 0 : shares[i];
                sum += shares[i];
            }

            if (sum <= 0)
            {
                // Every client with a share is full: spread over those that are not.
                for (int i = 0; i < clients; i++)
                {
                    shares[i] = (long)parts[i].Count * clients >= total ? 0 : 1;
                    sum += shares[i];
                }
            }

            double cumulative = 0;
            int start = 0;
            for (int i = 0; i < clients; i++)
            {
                cumulative += shares[i] / sum;
                int end = i == clients - 1 ? order.Length : Math.Clamp((int)(cumulative * order.Length), start, order.Length);
                parts[i].AddRange(order.AsSpan(start, end - start));
                start = end;
            }
        }

        return parts;
    }
}
