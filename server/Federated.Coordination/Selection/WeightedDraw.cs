using Federated.Numerics;

namespace Federated.Coordination.Selection;

/// <summary>Draws without replacement in proportion to weights (Efraimidis and Spirakis 2006): the largest of log(u) / weight.</summary>
internal static class WeightedDraw
{
    /// <summary>Positions of the drawn ones, in the order of the draw.</summary>
    /// <param name="random">The stream; one number for each weight.</param>
    /// <param name="weights">Greater than 0 each.</param>
    /// <param name="count">How many, at most as many as there are.</param>
    public static int[] Choose(CounterRandom random, ReadOnlySpan<double> weights, int count)
    {
        double[] keys = new double[weights.Length];
        int[] positions = new int[weights.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            // Minus, so that ascending order puts the largest first. 1 - u is never 0.
            keys[i] = -Math.Log(1 - random.NextDouble()) / weights[i];
            positions[i] = i;
        }

        Array.Sort(keys, positions);
        return positions[..count];
    }
}
