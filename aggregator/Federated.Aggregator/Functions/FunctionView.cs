using Federated.Protocol.Tier;

namespace Federated.Aggregator.Functions;

/// <summary>One function of a round at this node, for people who look at the live tree.</summary>
/// <param name="Key">Its name inside the node.</param>
/// <param name="Role">What it does, or did last.</param>
/// <param name="State">What it does now.</param>
/// <param name="Summed">Updates that it summed itself.</param>
/// <param name="Merged">Partials that were merged into it.</param>
/// <param name="Leaves">Workers that are at its sums now.</param>
public sealed record FunctionView(string Key, TreeRole Role, FunctionState State, int Summed, int Merged, int Leaves);
