using Federated.Numerics;

namespace Federated.Aggregation.ServerOptimizers;

/// <summary><c>m ← β·m + Δ; x ← x + η·m</c> (FedAvgM, Hsu et al., arXiv:1909.06335; m starts at 0).</summary>
internal sealed class MomentumServerOptimizer(int parameterCount, double learningRate, double momentum)
    : ServerOptimizer(ServerOptimizerNames.Momentum, parameterCount, moments: 1)
{
    private protected override void Move(Span<float> parameters, ReadOnlySpan<float> delta)
    {
        VectorMath.Scale((float)momentum, Moment(0));
        VectorMath.Axpy(1, delta, Moment(0));
        VectorMath.Axpy((float)learningRate, Moment(0), parameters);
    }
}
