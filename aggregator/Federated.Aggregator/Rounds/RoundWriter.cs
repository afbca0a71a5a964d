using Federated.Protocol.Rounds;

namespace Federated.Aggregator.Rounds;

/// <summary>The coordinator that has a round now, as the node knows it.</summary>
/// <param name="Plan">What it plans, under its writer epoch.</param>
/// <param name="OnStored">Called once for each update that is stored, from any thread; returns at once.</param>
/// <param name="Wants">Asked before a buffer takes an update, from any thread: whether the coordinator waits for it. Returns at once.</param>
internal sealed record RoundWriter(RoundPlan Plan, Action<UpdateCommitted> OnStored, Func<string, bool> Wants);
