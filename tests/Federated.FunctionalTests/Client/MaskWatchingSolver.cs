using Federated.Client.Training;
using Federated.Protocol.Pruning;

namespace Federated.FunctionalTests.Client;

/// <summary>Notes under which masks it evaluates.</summary>
internal sealed class MaskWatchingSolver(int parameters) : FakeSolver(parameters), IMaskedSolver, IObjective
{
    public ModelMask? Mask { get; private set; }

    public List<ModelMask?> Evaluated { get; } = [];

    public void UseMask(ModelMask? mask) => Mask = mask;

    public override LocalSgdResult Solve(
        LocalSgdPlan plan,
        TrainingKey key,
        ReadOnlySpan<float> start,
        ReadOnlySpan<float> correction,
        Span<float> local,
        CancellationToken stop = default)
    {
        start.CopyTo(local);
        return new LocalSgdResult(plan.Steps, plan.Steps, 0.5, plan.Steps, Diverged: false);
    }

    Evaluation IObjective.Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken)
    {
        Evaluated.Add(Mask);
        return Evaluate(parameters, cancellationToken);
    }
}
