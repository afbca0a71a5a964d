using System.Numerics.Tensors;
using Federated.Client.Algorithms.VarianceReduction;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.FedPage;

/// <summary>
/// FedPAGE (Zhao et al. 2021). In a full round a client sends its gradient over a large batch. Otherwise it corrects the server's gradient by the difference of its own between the last model and
/// this one, walks K more steps from there (<see cref="SarahWalk"/>), and sends the mean direction, negated.
/// </summary>
public sealed class FedPageClient : IClientAlgorithm
{
    private const string Full = "full";

    /// <inheritdoc />
    public string Name => "fedpage";

    /// <inheritdoc />
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role) =>
        [TrainingSections.Vector(role == Full ? SectionRole.Gradient : SectionRole.Delta, schema)];

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

        var batch = new LargeBatch(objective, task.Settings, task.Key);
        if (task.Role == Full)
        {
            if (batch.Gradient(task.Parameters.Span, update.Floats(SectionRole.Gradient), stop) is not { } loss)
            {
                return ClientOutcome.Nothing;
            }

            update.Gradients = batch.Size;
            update.TrainingLoss = loss;
            return double.IsFinite(update.TrainingLoss) ? ClientOutcome.Completed : ClientOutcome.Diverged;
        }

        update.Gradients = 2L * batch.Size;
        LocalSgdPlan plan = LocalSgdPlan.From(task.Settings);
        Span<float> delta = update.Floats(SectionRole.Delta);
        using var direction = new Scratch(delta.Length);
        if (batch.Gradient(task.Down(SectionRole.Weights), delta, stop) is null || batch.Gradient(task.Parameters.Span, direction.Values, stop) is null)
        {
            return ClientOutcome.Nothing;
        }

        TensorPrimitives.Subtract(direction.Values, delta, direction.Values);
        TensorPrimitives.Add(direction.Values, task.Down(SectionRole.Gradient), direction.Values);
        LocalSgdResult result = SarahWalk.Run(
            plan, plan.StepsFor(objective.ExampleCount) + 1, task.Key, objective, task.Parameters.Span, direction.Values, delta, stop);
        ClientOutcome outcome = update.TakeWalk(result, task.Parameters.Span, plan, objective.ExampleCount);
        TensorPrimitives.Multiply(delta, (float)(1 / (plan.LearningRate * Math.Max(1, result.Steps))), delta);
        return outcome;
    }
}
