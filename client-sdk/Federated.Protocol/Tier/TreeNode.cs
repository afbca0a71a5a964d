namespace Federated.Protocol.Tier;

/// <summary>What one node does in a round.</summary>
/// <param name="NodeId">The node.</param>
/// <param name="Role">The highest function that runs here: a top, a middle that merges its leaves and its children, or a single leaf.</param>
/// <param name="Parent">The node that takes this one's partial; null for the top.</param>
/// <param name="Clients">Devices whose tickets name this node's gateway, at least 0.</param>
/// <param name="Leaves">The most leaves that sum at the same time, at least 1.</param>
/// <param name="Gateway">Address where devices upload; empty when devices reach it where they reach the server.</param>
/// <param name="Transfer">Address where other nodes and the server exchange partials; empty when everything is one process.</param>
public sealed record TreeNode(
    string NodeId,
    TreeRole Role,
    string? Parent,
    int Clients,
    int Leaves,
    string Gateway = "",
    string Transfer = "");
