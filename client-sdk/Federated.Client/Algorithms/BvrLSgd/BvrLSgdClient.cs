using System.Numerics.Tensors;
using Federated.Client.Algorithms.VarianceReduction;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.BvrLSgd;

/// <summary>
/// BVR-L-SGD (Murata and Suzuki 2021), one role a round: <c>anchor</c> sends the gradient over a large batch, <c>walker</c> takes K steps from the server's gradient
/// (<see cref="SarahWalk"/>) and sends the difference of the parameters, <c>refresher</c> sends the difference of its gradients between this model and the last, on as many
/// examples as K steps take.
/// </summary>
public sealed class BvrLSgdClient : IClientAlgorithm
{
    private const string Walker = "walker";
    private const string Refresher = "refresher";

    /// <inheritdoc />
    public string Name => "bvrlsgd";

    /// <inheritdoc />
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role) =>
        [TrainingSections.Vector(role == Walker ? SectionRole.Delta : SectionRole.Gradient, schema)];

    /// <inheritdoc />
    public ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(solver);
        ArgumentNullException.ThrowIfNull(update);
        IObjective objective = solver.Objective;
        if (!update.Begin(task, objective))
        {
            return ClientOutcome.Nothing;
        }

        LocalSgdPlan plan = LocalSgdPlan.From(task.Settings);
        int steps = plan.StepsFor(objective.ExampleCount);
        if (task.Role == Walker)
        {
            Span<float> delta = update.Floats(SectionRole.Delta);
            using var direction = new Scratch(delta.Length);
            task.Down(SectionRole.Gradient).CopyTo(direction.Values);
            return update.TakeWalk(
                SarahWalk.Run(plan, steps, task.Key, objective, task.Parameters.Span, direction.Values, delta, stop), task.Parameters.Span, plan, objective.ExampleCount);
        }

        Span<float> gradient = update.Floats(SectionRole.Gradient);
        bool refreshes = task.Role == Refresher;
        var batch = new LargeBatch(
            objective, task.Settings, task.Key, refreshes ? (int)Math.Min((long)steps * plan.BatchSize, objective.ExampleCount) : null);
        using var last = new Scratch(refreshes ? gradient.Length : 0);
        if ((refreshes && batch.Gradient(task.Down(SectionRole.Weights), last.Values, stop) is null)
            || batch.Gradient(task.Parameters.Span, gradient, stop) is not { } loss)
        {
            return ClientOutcome.Nothing;
        }

        update.Gradients = (refreshes ? 2L : 1L) * batch.Size;
        update.TrainingLoss = loss;
        if (refreshes)
        {
            TensorPrimitives.Subtract(gradient, last.Values, gradient);
        }

        return double.IsFinite(update.TrainingLoss) ? ClientOutcome.Completed : ClientOutcome.Diverged;
    }
}
