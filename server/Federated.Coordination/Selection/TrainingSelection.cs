using Federated.Numerics;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Selection;

/// <summary>A strategy for the rounds of training. Evaluations and statistics are drawn uniformly: they shall describe everybody.</summary>
internal abstract class TrainingSelection(ulong seed) : ISelectionStrategy
{
    private readonly UniformSelection _uniform = new(seed);

    public bool LooksBack => true;

    protected ClientRecords Records { get; } = new();

    public int[] Select(RoundKey round, int alreadyChosen, ReadOnlySpan<uint> candidates, int count)
    {
        if (round.Kind != TaskKind.Train || count >= candidates.Length)
        {
            return _uniform.Select(round, alreadyChosen, candidates, count);
        }

        int[] chosen = Choose(
            round.Round, candidates, count, new CounterRandom(seed, RandomPurpose.Selection, (uint)round.Round, (uint)round.Kind, (uint)alreadyChosen));
        Array.Sort(chosen);
        return chosen;
    }

    public void Observe(in Participation participation) => Records.Add(participation);

    /// <summary>Positions, in any order.</summary>
    protected abstract int[] Choose(int round, ReadOnlySpan<uint> candidates, int count, CounterRandom random);

    protected double[] ExamplesOf(ReadOnlySpan<uint> candidates)
    {
        double[] examples = new double[candidates.Length];
        for (int i = 0; i < examples.Length; i++)
        {
            examples[i] = Records.ExamplesOf(candidates[i]);
        }

        return examples;
    }
}
