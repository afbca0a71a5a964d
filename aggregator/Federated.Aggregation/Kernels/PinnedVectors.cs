using System.Buffers;

namespace Federated.Aggregation.Kernels;

/// <summary>The addresses of equally long vectors, fixed in memory until it is disposed.</summary>
internal sealed unsafe class PinnedVectors : IDisposable
{
    private readonly MemoryHandle[] _pins;

    public PinnedVectors(IReadOnlyList<ReadOnlyMemory<float>> vectors)
    {
        Length = vectors.Count == 0 ? 0 : vectors[0].Length;
        for (int i = 0; i < vectors.Count; i++)
        {
            if (vectors[i].Length != Length)
            {
                throw new ArgumentException($"Vector {i} has {vectors[i].Length} elements; vector 0 has {Length}.", nameof(vectors));
            }
        }

        _pins = [.. vectors.Select(vector => vector.Pin())];
        Addresses = [.. _pins.Select(pin => (nint)pin.Pointer)];
    }

    /// <summary>Elements of each vector.</summary>
    public int Length { get; }

    public nint[] Addresses { get; }

    public void Dispose()
    {
        foreach (MemoryHandle pin in _pins)
        {
            pin.Dispose();
        }
    }
}
