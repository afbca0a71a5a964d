using Federated.Numerics;

namespace Federated.Protocol.Codecs;

/// <summary>Squares and finiteness, without keeping anything.</summary>
internal struct MeasuringSink : IFrameSink
{
    public double SumOfSquares { get; private set; }

    public Span<float> Target => [];

    public void Run(int start, scoped ReadOnlySpan<float> values) => SumOfSquares += VectorMath.SquaredNorm(values);

    public void Scatter(scoped ReadOnlySpan<int> indices, scoped ReadOnlySpan<float> values) => SumOfSquares += VectorMath.SquaredNorm(values);
}
