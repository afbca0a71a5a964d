using Federated.Numerics;

namespace Federated.Aggregation.ServerOptimizers;

/// <summary><c>x ← x + η·Δ</c>. With η = 1 it is plain averaging (FedAvg).</summary>
internal sealed class SgdServerOptimizer(int parameterCount, double learningRate)
    : ServerOptimizer(ServerOptimizerNames.Sgd, parameterCount, moments: 0)
{
    private protected override void Move(Span<float> parameters, ReadOnlySpan<float> delta) =>
        VectorMath.Axpy((float)learningRate, delta, parameters);
}
