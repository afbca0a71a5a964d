using Federated.Numerics;
using Federated.Protocol.Rounds;

namespace Federated.Coordination.Selection;

/// <summary>Picks devices uniformly, without replacement. The seed, the round and the number of candidates fix the choice.</summary>
public sealed class UniformSelection : ISelectionStrategy
{
    private readonly ulong _seed;

    /// <summary>Creates a selection that is fixed by a seed.</summary>
    /// <param name="seed">The job's seed.</param>
    public UniformSelection(ulong seed)
    {
        _seed = seed;
    }

    /// <summary>Picks among candidates 0 to <paramref name="candidates"/> - 1.</summary>
    /// <param name="round">The round.</param>
    /// <param name="alreadyChosen">Devices that the round has already; addresses the draws of replacements.</param>
    /// <param name="candidates">How many there are.</param>
    /// <param name="count">How many to pick; at most <paramref name="candidates"/>.</param>
    /// <returns>The picked ones in ascending order.</returns>
    public int[] Select(RoundKey round, int alreadyChosen, int candidates, int count)
    {
        var random = new CounterRandom(_seed, RandomPurpose.Selection, (uint)round.Round, (uint)round.Kind, (uint)alreadyChosen);
        int[] chosen = random.Choose(candidates, count);
        Array.Sort(chosen);
        return chosen;
    }

    /// <inheritdoc/>
    public int[] Select(RoundKey round, int alreadyChosen, ReadOnlySpan<uint> candidates, int count) => Select(round, alreadyChosen, candidates.Length, count);

    /// <inheritdoc/>
    public void Observe(in Participation participation)
    {
        // Everybody is alike.
    }
}
