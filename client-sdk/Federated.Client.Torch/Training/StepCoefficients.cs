using Federated.Client.Training;
using TorchSharp;

namespace Federated.Client.Torch.Training;

/// <summary>The scalars of a plan in libtorch's own form, made once for all steps.</summary>
internal sealed class StepCoefficients(LocalSgdPlan plan) : IDisposable
{
    public Scalar Pull { get; } = plan.WeightDecay + plan.Proximal;

    public Scalar MinusProximal { get; } = -plan.Proximal;

    public Scalar Momentum { get; } = plan.Momentum;

    public Scalar MinusLearningRate { get; } = -plan.LearningRate;

    /// <inheritdoc />
    public void Dispose()
    {
        Pull.Dispose();
        MinusProximal.Dispose();
        Momentum.Dispose();
        MinusLearningRate.Dispose();
    }
}
