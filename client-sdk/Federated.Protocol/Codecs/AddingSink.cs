using System.Numerics;

namespace Federated.Protocol.Codecs;

/// <summary>Adds the elements times a factor to float64 sums; single elements cost what they are, not what the vector is.</summary>
internal readonly ref struct AddingSink(Span<double> sums, double factor) : IFrameSink
{
    private readonly Span<double> _sums = sums;

    public Span<float> Target => [];

    public void Run(int start, scoped ReadOnlySpan<float> values)
    {
        Span<double> target = _sums.Slice(start, values.Length);
        int i = 0;
        int half = Vector<double>.Count;
        var scale = new Vector<double>(factor);
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(values[i..]), out Vector<double> low, out Vector<double> high);
            (new Vector<double>(target[i..]) + (low * scale)).CopyTo(target[i..]);
            (new Vector<double>(target[(i + half)..]) + (high * scale)).CopyTo(target[(i + half)..]);
        }

        for (; i < values.Length; i++)
        {
            target[i] += factor * values[i];
        }
    }

    public void Scatter(scoped ReadOnlySpan<int> indices, scoped ReadOnlySpan<float> values)
    {
        Span<double> sums = _sums;
        double scale = factor;
        for (int i = 0; i < indices.Length; i++)
        {
            sums[indices[i]] += scale * values[i];
        }
    }
}
