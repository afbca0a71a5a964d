using Federated.Aggregation.Linear;
using Federated.Aggregation.Robust.Gram;
using Federated.Aggregation.Robust.Mixing;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>What the rule sees of a round, and the way back to the updates.</summary>
/// <param name="Rows">Coefficients of each vector that it sees, over the finite updates; null when it sees the updates themselves.</param>
/// <param name="Seen">What it sees.</param>
internal readonly record struct RoundView(double[][]? Rows, SeenVectors Seen)
{
    /// <summary>The view behind pre-aggregations. The last aggregate is not mixed.</summary>
    public static RoundView Mix(MixingChain mixed, GramMatrix whole, float[][][] samples, double[]? weights, IReadOnlyList<int> dropped)
    {
        double[][] rows = mixed.Rows;
        int seen = rows.Length, count = rows[0].Length;
        GramMatrix gram = mixed.Gram;
        if (whole.Count > count)
        {
            double[] cross = [.. rows.Select(row => row.Select((c, i) => c * whole[i, count]).Sum())];
            double square = whole[count, count];
            gram = new GramMatrix(
            [
                .. Enumerable.Range(0, seen + 1).SelectMany(i => Enumerable.Range(0, seen + 1).Select(j =>
                    i < seen && j < seen ? mixed.Gram[i, j] : i < seen ? cross[i] : j < seen ? cross[j] : square)),
            ]);
        }

        return new RoundView(
            rows,
            new SeenVectors(
                seen,
                gram,
                [.. samples.Select(turn => MixSample(rows, turn))],
                weights is null ? null : [.. rows.Select(row => row.Select((c, i) => Math.Abs(c) * weights[i]).Sum())],
                dropped));
    }

    /// <summary>Coefficients over all updates, and the centre behind them, from those over what the rule saw.</summary>
    public double[] Unmix(double[] shares, int count, int[] finite)
    {
        double[] coefficients = new double[count + (shares.Length - Seen.Count)];
        for (int i = 0; i < finite.Length; i++)
        {
            coefficients[finite[i]] = Rows is null ? shares[i] : Rows.Select((row, k) => row[i] * shares[k]).Sum();
        }

        shares.AsSpan(Seen.Count).CopyTo(coefficients.AsSpan(count));
        return coefficients;
    }

    /// <summary>Trust of all updates: that of the vectors which an update went into, by its share in them.</summary>
    public double[] Spread(double[] trust, int count, int[] finite)
    {
        double[] scores = new double[count];
        for (int i = 0; i < finite.Length; i++)
        {
            double share = Rows?.Sum(row => Math.Abs(row[i])) ?? 1;
            scores[finite[i]] = Rows is null ? trust[i] : share == 0 ? 0 : Rows.Select((row, k) => Math.Abs(row[i]) * trust[k]).Sum() / share;
        }

        return scores;
    }

    private static float[][] MixSample(double[][] rows, float[][] sample)
    {
        ReadOnlyMemory<float>[] vectors = [.. sample.Select(vector => (ReadOnlyMemory<float>)vector)];
        return
        [
            .. rows.Select(row =>
            {
                float[] mixed = new float[sample[0].Length];
                WeightedSum.Compute(vectors, row, mixed);
                return mixed;
            }),
        ];
    }
}
