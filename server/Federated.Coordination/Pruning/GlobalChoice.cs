using System.Collections.Immutable;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>Chooses coordinates of all layers together, by one score.</summary>
public static class GlobalChoice
{
    /// <summary>The coordinates of largest score; of equals those of the earlier layer, then of the lower index. Every layer keeps <see cref="PrunableLayer.Fewest"/> of its own, if it offers so many.</summary>
    /// <param name="layers">The prunable layers.</param>
    /// <param name="scores">For each layer a score for each coordinate; one below zero is not on offer.</param>
    /// <param name="total">How many are chosen; fewer when fewer are on offer.</param>
    /// <returns>For each layer its coordinates, ascending.</returns>
    public static int[][] Largest(ImmutableArray<PrunableLayer> layers, IReadOnlyList<float[]> scores, int total)
    {
        ArgumentNullException.ThrowIfNull(scores);

        // Bits of floats that are not negative ascend with their values: one sort by score and place.
        ulong[] order = new ulong[scores.Sum(layer => layer.Count(score => score >= 0))];
        int at = 0;
        uint place = 0;
        foreach (float score in scores.SelectMany(layer => layer))
        {
            if (score >= 0)
            {
                order[at++] = ((ulong)~BitConverter.SingleToUInt32Bits(score + 0f) << 32) | place;
            }

            place++;
        }

        Array.Sort(order);
        List<int>[] chosen = [.. layers.Select(_ => new List<int>())];
        int left = total;
        void Pass(Func<int, bool> takes)
        {
            for (int i = 0; i < order.Length && left > 0; i++)
            {
                (int layer, int index) = Find(layers, (uint)order[i]);
                if (order[i] != ulong.MaxValue && takes(layer))
                {
                    chosen[layer].Add(index);
                    order[i] = ulong.MaxValue;
                    left--;
                }
            }
        }

        Pass(layer => chosen[layer].Count < layers[layer].Fewest);
        Pass(_ => true);
        return [.. chosen.Select(indices => indices.Order().ToArray())];
    }

    private static (int Layer, int Index) Find(ImmutableArray<PrunableLayer> layers, uint place)
    {
        int layer = 0;
        for (; layer < layers.Length - 1 && place >= (uint)layers[layer].Count; layer++)
        {
            place -= (uint)layers[layer].Count;
        }

        return (layer, (int)place);
    }
}
