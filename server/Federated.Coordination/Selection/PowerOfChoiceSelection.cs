using Federated.Numerics;

namespace Federated.Coordination.Selection;

/// <summary>
/// Power of choice (Cho, Wang and Joshi 2020): of a few candidates drawn by their examples, those with the highest last loss. The loss is that of their last training, and
/// who was never counted comes first.
/// </summary>
internal sealed class PowerOfChoiceSelection(ulong seed, double factor) : TrainingSelection(seed)
{
    protected override int[] Choose(int round, ReadOnlySpan<uint> candidates, int count, CounterRandom random)
    {
        int drawn = Math.Clamp((int)Math.Ceiling(factor * count), count, candidates.Length);
        int[] positions = WeightedDraw.Choose(random, ExamplesOf(candidates), drawn);
        double[] losses = new double[drawn];
        for (int i = 0; i < drawn; i++)
        {
            losses[i] = Records.TryGet(candidates[positions[i]], out Participation known) && double.IsFinite(known.Loss) ? known.Loss : double.PositiveInfinity;
        }

        return [.. Enumerable.Range(0, drawn).OrderByDescending(i => losses[i]).Take(count).Select(i => positions[i])];
    }
}
