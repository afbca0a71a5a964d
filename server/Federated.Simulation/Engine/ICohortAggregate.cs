using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;

namespace Federated.Simulation.Engine;

/// <summary>The aggregation tier of a simulated round; takes the updates in a fixed order.</summary>
internal interface ICohortAggregate
{
    /// <summary>Assignment ids of the updates that it has.</summary>
    IReadOnlySet<string> Ids { get; }

    /// <summary>Adds an update; the payload is not kept by reference.</summary>
    void Add(ReadOnlySpan<byte> payload, UpdateCommitted update);

    /// <summary>Aggregates what was added; empty when nothing was.</summary>
    /// <exception cref="ArgumentException">The rule cannot work with what was added.</exception>
    RoundAggregate Report();
}
