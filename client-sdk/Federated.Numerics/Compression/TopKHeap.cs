using System.Numerics;
using System.Runtime.InteropServices;

namespace Federated.Numerics.Compression;

/// <summary>
/// Keeps the k elements of largest magnitude of a stream, in 12 bytes an element: what <see cref="TopKSelection"/> finds in a vector that is there as a whole. Of equal
/// magnitudes the lower index wins, whatever the order in which they come. Zeros are never kept. One thread at a time.
/// </summary>
public sealed class TopKHeap
{
    private const int InfinityBits = 0x7F80_0000;

    // The root is the worst of those kept: the smallest magnitude, and of equals the highest index.
    private readonly int[] _magnitudes;
    private readonly int[] _indices;
    private readonly float[] _values;

    /// <summary>An empty heap.</summary>
    /// <param name="capacity">k, at least 0.</param>
    public TopKHeap(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        _magnitudes = new int[capacity];
        _indices = new int[capacity];
        _values = new float[capacity];
    }

    /// <summary>Elements that are kept.</summary>
    public int Count { get; private set; }

    /// <summary>False once a NaN or an infinity was offered; such are not kept.</summary>
    public bool IsFinite { get; private set; } = true;

    /// <summary>Offers consecutive elements.</summary>
    /// <param name="start">Index of the first.</param>
    /// <param name="values">The elements; zeros are passed over.</param>
    public void Offer(int start, ReadOnlySpan<float> values)
    {
        if (_magnitudes.Length == 0)
        {
            return;
        }

        ReadOnlySpan<int> bits = MemoryMarshal.Cast<float, int>(values);
        int i = 0;
        if (Vector.IsHardwareAccelerated)
        {
            var sign = new Vector<int>(int.MaxValue);
            for (; i <= bits.Length - Vector<int>.Count; i += Vector<int>.Count)
            {
                // Only what reaches the root can replace it: most of a long stream is passed over here.
                int threshold = Count == _magnitudes.Length ? _magnitudes[0] : 1;
                if (Vector.GreaterThanOrEqualAny(new Vector<int>(bits[i..]) & sign, new Vector<int>(threshold)))
                {
                    for (int j = i; j < i + Vector<int>.Count; j++)
                    {
                        Offer(start + j, values[j], bits[j] & int.MaxValue);
                    }
                }
            }
        }

        for (; i < bits.Length; i++)
        {
            Offer(start + i, values[i], bits[i] & int.MaxValue);
        }
    }

    /// <summary>Writes what is kept in the order of indices, and empties the heap.</summary>
    /// <param name="indices">Receives the indices, ascending; at least <see cref="Count"/>.</param>
    /// <param name="values">Receives the elements at them.</param>
    /// <returns>Elements written.</returns>
    public int Drain(Span<int> indices, Span<float> values)
    {
        int count = Count;
        Span<int> kept = indices[..count];
        _indices.AsSpan(0, count).CopyTo(kept);
        _values.AsSpan(0, count).CopyTo(values);
        kept.Sort(values[..count]);
        Count = 0;
        return count;
    }

    private void Offer(int index, float value, int magnitude)
    {
        if (magnitude >= InfinityBits)
        {
            IsFinite = false;
        }
        else if (magnitude == 0)
        {
            return;
        }
        else if (Count < _magnitudes.Length)
        {
            Rise(Count++, magnitude, index, value);
        }
        else if (magnitude > _magnitudes[0] || (magnitude == _magnitudes[0] && index < _indices[0]))
        {
            Sink(magnitude, index, value);
        }
    }

    private void Rise(int at, int magnitude, int index, float value)
    {
        while (at > 0)
        {
            int parent = (at - 1) / 2;
            if (!IsWorse(magnitude, index, parent))
            {
                break;
            }

            Move(parent, at);
            at = parent;
        }

        Put(at, magnitude, index, value);
    }

    private void Sink(int magnitude, int index, float value)
    {
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= Count)
            {
                break;
            }

            if (child + 1 < Count && IsWorse(_magnitudes[child + 1], _indices[child + 1], child))
            {
                child++;
            }

            if (IsWorse(magnitude, index, child))
            {
                break;
            }

            Move(child, at);
            at = child;
        }

        Put(at, magnitude, index, value);
    }

    private bool IsWorse(int magnitude, int index, int other) =>
        magnitude < _magnitudes[other] || (magnitude == _magnitudes[other] && index > _indices[other]);

    private void Move(int from, int to) => Put(to, _magnitudes[from], _indices[from], _values[from]);

    private void Put(int at, int magnitude, int index, float value)
    {
        _magnitudes[at] = magnitude;
        _indices[at] = index;
        _values[at] = value;
    }
}
