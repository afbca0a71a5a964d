using Federated.Aggregator.Events;
using Federated.Aggregator.Hosting.State;
using Federated.Coordination.Hierarchy;
using Federated.Server.Rounds;
using Microsoft.Extensions.Options;

namespace Federated.Server.Tier;

/// <summary>What all rounds of the distributed tier share.</summary>
internal sealed class TierParts(
    NodeDirectory nodes, IEventBus bus, ITierState state, TierTransfers transfers, SidecarWatch sidecar, RoundTrees trees,
    IOptions<TierOptions> options, IOptions<PlannerOptions> planner, TimeProvider time)
{
    public NodeDirectory Nodes => nodes;

    public IEventBus Bus => bus;

    public ITierState State => state;

    public TierTransfers Transfers => transfers;

    public SidecarWatch Sidecar => sidecar;

    public RoundTrees Trees => trees;

    public TierOptions Options => options.Value;

    public PlannerOptions Planner => planner.Value;

    public TimeProvider Time => time;
}
