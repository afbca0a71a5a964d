namespace Federated.Protocol.Tier;

/// <summary>What an aggregation function does. Every worker can do each of these; only its inputs and where its partial goes differ.</summary>
public enum TreeRole
{
    /// <summary>Sums updates.</summary>
    Leaf = 1,

    /// <summary>Merges the partials of leaves, or of other middles.</summary>
    Middle = 2,

    /// <summary>Merges what is left and divides, once for the round.</summary>
    Top = 3,
}
