using System.Collections.Immutable;
using Federated.Numerics;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>How the active coordinates of a model are shared out among its layers. Every result sums up to the budget exactly.</summary>
public static class LayerBudgets
{
    /// <summary>Half the width of the noise on the logarithm of a layer's ratio.</summary>
    private const double Spread = 1.2;

    /// <summary>The budget of a density: round(d · Σ N).</summary>
    /// <param name="layers">The prunable layers.</param>
    /// <param name="density">Active coordinates as a share of all, in (0, 1].</param>
    /// <exception cref="ArgumentException">Not even the fewest coordinates of every layer fit.</exception>
    public static int Total(ImmutableArray<PrunableLayer> layers, double density)
    {
        int total = (int)Math.Round(density * layers.Sum(layer => (long)layer.Count));
        long fewest = layers.Sum(layer => (long)layer.Fewest);
        return total >= fewest
            ? total
            : throw new ArgumentException($"Density {density} leaves {total} active coordinates; the {layers.Length} layers need at least {fewest} (an eighth of their outputs each).", nameof(density));
    }

    /// <summary>The same density in every layer.</summary>
    /// <param name="layers">The prunable layers.</param>
    /// <param name="total">The budget.</param>
    public static ImmutableArray<int> Uniform(ImmutableArray<PrunableLayer> layers, int total) => Share(layers, total, [.. layers.Select(_ => 1.0)]);

    /// <summary>Erdős-Rényi-Kernel: the density of a layer is proportional to the sum of its dimensions over their product (Evci et al. 2020); small layers stay dense.</summary>
    /// <param name="layers">The prunable layers.</param>
    /// <param name="total">The budget.</param>
    public static ImmutableArray<int> ErdosRenyi(ImmutableArray<PrunableLayer> layers, int total) =>
        Share(layers, total, [.. layers.Select(layer => layer.Shape.Sum() / (double)layer.Count)]);

    /// <summary>Densities with noise: the ratio of a layer is exp(u), u uniform in ±1.2.</summary>
    /// <param name="layers">The prunable layers.</param>
    /// <param name="total">The budget.</param>
    /// <param name="random">Draws u, layer by layer.</param>
    public static ImmutableArray<int> Perturbed(ImmutableArray<PrunableLayer> layers, int total, CounterRandom random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Share(layers, total, [.. layers.Select(_ => Math.Exp(((2 * random.NextDouble()) - 1) * Spread))]);
    }

    /// <summary>The pool of candidates: uniform, Erdős-Rényi-Kernel, then densities with noise.</summary>
    /// <param name="layers">The prunable layers.</param>
    /// <param name="total">The budget.</param>
    /// <param name="candidates">How many, at least 1.</param>
    /// <param name="seed">Fixes the noise.</param>
    public static ImmutableArray<ImmutableArray<int>> Pool(ImmutableArray<PrunableLayer> layers, int total, int candidates, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 1);
        return
        [
            .. Enumerable.Range(0, candidates).Select(candidate => candidate switch
            {
                0 => Uniform(layers, total),
                1 => ErdosRenyi(layers, total),
                _ => Perturbed(layers, total, new CounterRandom(seed, RandomPurpose.Pruning, (uint)candidate)),
            }),
        ];
    }

    /// <summary>
    /// Shares a budget out by ratios: n = min(1, λ r) N with the λ for which the sum is the budget, rounded down; what is left goes to the layers with the largest room, one each in turn.
    /// No layer gets fewer than <see cref="PrunableLayer.Fewest"/>.
    /// </summary>
    /// <param name="layers">The prunable layers.</param>
    /// <param name="total">The budget: from the sum of the fewest to the sum of all.</param>
    /// <param name="ratios">A weight above 0 for every layer.</param>
    public static ImmutableArray<int> Share(ImmutableArray<PrunableLayer> layers, int total, IReadOnlyList<double> ratios)
    {
        ArgumentNullException.ThrowIfNull(ratios);
        ArgumentOutOfRangeException.ThrowIfLessThan(total, layers.Sum(layer => layer.Fewest));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(total, layers.Sum(layer => layer.Count));
        double low = 0, high = 1 / ratios.Min();
        for (int i = 0; i < 100; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = layers.Select((layer, l) => Math.Min(1, middle * ratios[l]) * layer.Count).Sum() > total ? (low, middle) : (middle, high);
        }

        int[] counts = [.. layers.Select((layer, l) => Math.Clamp((int)(Math.Min(1, low * ratios[l]) * layer.Count), layer.Fewest, layer.Count))];
        int left = total - counts.Sum();
        while (left != 0)
        {
            int step = Math.Sign(left);
            int[] order = [.. Enumerable.Range(0, counts.Length)
                .Where(l => step > 0 ? counts[l] < layers[l].Count : counts[l] > layers[l].Fewest)
                .OrderByDescending(l => step > 0 ? layers[l].Count - counts[l] : counts[l] - layers[l].Fewest)];
            foreach (int l in order.Take(Math.Abs(left)))
            {
                counts[l] += step;
                left -= step;
            }
        }

        return [.. counts];
    }
}
