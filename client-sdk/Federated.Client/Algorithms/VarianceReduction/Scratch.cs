using System.Buffers;

namespace Federated.Client.Algorithms.VarianceReduction;

/// <summary>A float vector on loan for one piece of work; its elements are arbitrary at first.</summary>
internal readonly struct Scratch(int length) : IDisposable
{
    private readonly float[] _rented = ArrayPool<float>.Shared.Rent(length);

    public Span<float> Values => _rented.AsSpan(0, length);

    public void Dispose() => ArrayPool<float>.Shared.Return(_rented);
}
