using Federated.Protocol.Jobs;

namespace Federated.Coordination.Anarchic;

/// <summary>
/// ‖a‖₁ of FedNova (Wang et al. 2020): how strongly the gradients of K local steps enter a difference. K for plain SGD, more with momentum, less with weight
/// decay or a proximal term; the response of m ← ρm + 1 − η(μ+λ)s, s ← s + m after K steps.
/// </summary>
internal static class EffectiveSteps
{
    public static double Of(LocalSettings local, double proximal, int steps)
    {
        double pull = local.LearningRate * (local.WeightDecay + proximal);
        if (local.Momentum == 0 && pull == 0)
        {
            return steps;
        }

        double momentum = 0;
        double response = 0;
        for (int step = 0; step < steps; step++)
        {
            momentum = (local.Momentum * momentum) + 1 - (pull * response);
            response += momentum;
        }

        return response;
    }
}
