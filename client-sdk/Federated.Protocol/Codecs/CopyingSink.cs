namespace Federated.Protocol.Codecs;

/// <summary>Writes into a vector that was cleared.</summary>
internal readonly ref struct CopyingSink(Span<float> target) : IFrameSink
{
    private readonly Span<float> _target = target;

    public Span<float> Target => _target;

    public void Run(int start, scoped ReadOnlySpan<float> values) => values.CopyTo(_target[start..]);

    public void Scatter(scoped ReadOnlySpan<int> indices, scoped ReadOnlySpan<float> values)
    {
        for (int i = 0; i < indices.Length; i++)
        {
            _target[indices[i]] = values[i];
        }
    }
}
