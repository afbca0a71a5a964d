namespace Federated.Client.Training;

/// <summary>
/// Follows a solver: mean loss, steps, and how strongly the gradients enter the result.
/// </summary>
/// <remarks>
/// The normaliser is the response of the recursion to a constant gradient of one: with m ← ρm + 1 - η(μ+λ)s and s ← s + m, the final s is
/// ||a||₁ of FedNova (Wang et al. 2020, section 4) as long as the coefficients are not negative.
/// </remarks>
public struct StepAccounting
{
    private readonly LocalSgdPlan _plan;
    private readonly int _planned;
    private double _momentum;
    private double _response;
    private double _lossSum;
    private int _steps;
    private bool _diverged;

    /// <summary>Starts at no steps.</summary>
    /// <param name="plan">The plan that the solver follows.</param>
    /// <param name="plannedSteps">Steps that it will take.</param>
    public StepAccounting(LocalSgdPlan plan, int plannedSteps)
    {
        _plan = plan;
        _planned = plannedSteps;
    }

    /// <summary>Records the loss of the step that is about to be applied.</summary>
    /// <param name="loss">The batch's mean loss.</param>
    /// <returns>Whether to apply the step: the loss is finite.</returns>
    public bool Accept(double loss)
    {
        if (!double.IsFinite(loss))
        {
            _diverged = true;
            return false;
        }

        _lossSum += loss;
        _steps++;
        double pull = _plan.LearningRate * (_plan.Proximal + _plan.WeightDecay);
        _momentum = (_plan.Momentum * _momentum) + 1 - (pull * _response);
        _response += _momentum;
        return true;
    }

    /// <summary>The result so far.</summary>
    public readonly LocalSgdResult ToResult() => new(_steps, _planned, _lossSum / _steps, _response, _diverged);
}
