using System.Collections.Immutable;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>
/// Decides which coordinates of a model are active, for one job. It keeps no state: everything follows from the arguments, the job's settings and its seed, so that a restart, a roll-back or
/// a second process comes to the same masks. What is sent, how gradients are summed and how a mask is applied is not its matter.
/// </summary>
/// <remarks>
/// The order of calls: <see cref="Candidates"/> once, before the first round. Then for each training round <see cref="DemandFor"/>, any number of times, and <see cref="Next"/> once, unless the
/// round is abandoned; it is tried again then, with the same number. Numbers count the training rounds that were not abandoned, from 1.
/// </remarks>
public interface IPruningMethod
{
    /// <summary>
    /// Masks to begin with, all of epoch 1. Of several, devices find the one of least pooled loss, with the normalisation statistics that fit it; of equals the first. One is taken as it is.
    /// A method that wants to see gradients first begins with <see cref="ModelMask.Full"/>.
    /// </summary>
    /// <param name="parameters">The initial flat parameters.</param>
    /// <returns>At least one mask.</returns>
    ImmutableArray<ModelMask> Candidates(ReadOnlySpan<float> parameters);

    /// <summary>What devices send in a round besides their update.</summary>
    /// <param name="round">Training rounds so far, this one included: from 1.</param>
    /// <param name="mask">The mask of the round.</param>
    PruningDemand DemandFor(int round, ModelMask mask);

    /// <summary>
    /// The mask of the next round: the same instance when nothing changes, otherwise one whose epoch is higher by one. Weights of coordinates that it drops are set to zero by the caller, those of
    /// coordinates that it grows start at zero. Any number may be active, but in every layer at least <see cref="PrunableLayer.Fewest"/>.
    /// </summary>
    /// <param name="round">What the round has brought; every value is finite.</param>
    ModelMask Next(PruningRound round);
}
