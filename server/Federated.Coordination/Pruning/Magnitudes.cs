namespace Federated.Coordination.Pruning;

/// <summary>Magnitudes of active weights as scores for <see cref="GlobalChoice"/>.</summary>
internal static class Magnitudes
{
    /// <summary>For each layer |w| of active coordinates, and -1 for the others.</summary>
    public static float[][] Of(PruningRound round)
    {
        float[][] scores = new float[round.Mask.Layers.Length][];
        for (int l = 0; l < scores.Length; l++)
        {
            ReadOnlySpan<float> weights = round.WeightsOf(l);
            scores[l] = new float[weights.Length];
            Array.Fill(scores[l], -1);
            foreach (int index in round.Mask.Active(l))
            {
                scores[l][index] = MathF.Abs(weights[index]);
            }
        }

        return scores;
    }
}
