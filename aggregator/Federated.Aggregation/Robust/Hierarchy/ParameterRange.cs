namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>A contiguous range of a model's parameters, which one shard owner handles for all updates.</summary>
/// <param name="From">First parameter.</param>
/// <param name="To">One past the last.</param>
public readonly record struct ParameterRange(int From, int To)
{
    // Whole kilobytes of float32.
    private const int Granule = 256;

    /// <summary>Parameters of the range.</summary>
    public int Length => To - From;

    /// <summary>Cuts a model into ranges of about the same length; fewer when it is small.</summary>
    /// <param name="length">Parameters of the model.</param>
    /// <param name="shards">Ranges wanted, at least 1.</param>
    public static ParameterRange[] Cut(int length, int shards)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfLessThan(shards, 1);
        long size = Math.Max(Granule, ((((long)length + shards - 1) / shards) + Granule - 1) / Granule * Granule);
        return [.. Enumerable.Range(0, shards).Select(i => new ParameterRange((int)Math.Min(length, i * size), (int)Math.Min(length, (i + 1) * size))).Where(range => range.Length > 0)];
    }

    /// <summary>The range of a vector.</summary>
    public ReadOnlyMemory<float> Of(ReadOnlyMemory<float> vector) => vector[From..To];
}
