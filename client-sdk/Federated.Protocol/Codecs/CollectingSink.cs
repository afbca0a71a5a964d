namespace Federated.Protocol.Codecs;

/// <summary>Collects the single elements of a sparse frame.</summary>
internal readonly struct CollectingSink(List<int> coordinates, List<float> elements) : IFrameSink
{
    public Span<float> Target => [];

    public void Run(int start, scoped ReadOnlySpan<float> values) => throw new InvalidOperationException("The frame is not sparse.");

    public void Scatter(scoped ReadOnlySpan<int> indices, scoped ReadOnlySpan<float> values)
    {
        coordinates.AddRange(indices);
        elements.AddRange(values);
    }
}
