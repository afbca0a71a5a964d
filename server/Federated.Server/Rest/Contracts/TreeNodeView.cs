using Federated.Protocol.Tier;

namespace Federated.Server.Rest.Contracts;

/// <summary>One node of a tree.</summary>
internal sealed record TreeNodeView(string NodeId, TreeRole Role, string? Parent, int Clients, int Leaves, string Gateway);
