using Federated.Protocol.Rounds;

namespace Federated.Protocol.Tier;

/// <summary>
/// Coordinator to nodes: take updates of the round by this plan, in this tree. Sent again with a higher writer epoch when another process
/// took the job over, and with a higher revision of the tree when a node was lost. Each node answers <see cref="RoundReady"/>.
/// </summary>
/// <param name="Plan">What updates must look like.</param>
/// <param name="Tree">Who does what.</param>
/// <param name="Coordinator">Address where the server takes what nodes send to it; empty when everything is one process.</param>
public sealed record RoundOpened(RoundPlan Plan, TreePlan Tree, string Coordinator = "") : ITierEvent
{
    /// <inheritdoc/>
    public string IdempotencyKey => $"{Plan.Key}/{Plan.WriterEpoch}/{Tree.Revision}";
}
