using Federated.Protocol.V1;

namespace Federated.Server.Rest.Contracts;

/// <summary>The aggregation trees of a round.</summary>
internal sealed record RoundTreeView(int Round, TaskKind Kind, IReadOnlyList<TreeRevisionView> Revisions);
