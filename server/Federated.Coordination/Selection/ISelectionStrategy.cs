using Federated.Protocol.Rounds;

namespace Federated.Coordination.Selection;

/// <summary>
/// Picks the devices of a round among those that wait. The live coordinator and the simulator use the same. The job's seed, the candidates and what was observed fix the choice. After a
/// restart the coordinator tells it once more what it has seen.
/// </summary>
public interface ISelectionStrategy
{
    /// <summary>Picks without replacement.</summary>
    /// <param name="round">The round.</param>
    /// <param name="alreadyChosen">Devices that the round has already; addresses the draws of replacements.</param>
    /// <param name="candidates">Client indices of those who wait, in ascending order.</param>
    /// <param name="count">How many to pick; at most as many as there are candidates.</param>
    /// <returns>Positions of the picked ones, in ascending order.</returns>
    int[] Select(RoundKey round, int alreadyChosen, ReadOnlySpan<uint> candidates, int count);

    /// <summary>Whether what was observed decides anything.</summary>
    bool LooksBack => false;

    /// <summary>An update was counted.</summary>
    void Observe(in Participation participation);
}
