namespace Federated.Aggregation.Robust.Catalog;

/// <summary>The updates of a round, and what a rule may need beside them.</summary>
public sealed record RobustInput
{
    /// <summary>Equally long updates, in an order that does not change within a round; they stay readable until the round is aggregated.</summary>
    public required IReadOnlyList<ReadOnlyMemory<float>> Updates { get; init; }

    /// <summary>
    /// One weight per update, at least 0; null, or all 0, for equal ones. They multiply the shares in the final sum and never enter what a rule judges
    /// by, or a client could buy influence by claiming examples. Reductions of coordinates and selections before them have no use for weights.
    /// </summary>
    public IReadOnlyList<double>? Weights { get; init; }

    /// <summary>The last round's aggregate, as long as an update: where centred clipping starts. Null for zeros; other rules do not look at it.</summary>
    public ReadOnlyMemory<float>? Centre { get; init; }

    /// <summary>Seed of buckets and samples. Devices must not know it.</summary>
    public ulong Seed { get; init; }

    /// <summary>The round's number, so that every round draws anew.</summary>
    public uint Round { get; init; }

    /// <summary>Most cores to use at once; 0 for all.</summary>
    public int Degree { get; init; }
}
