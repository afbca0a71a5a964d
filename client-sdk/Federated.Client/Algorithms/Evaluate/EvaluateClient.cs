using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.Evaluate;

/// <summary>
/// The client half of an EVALUATE task, the same for every algorithm: one section of three float64 sums (loss, correct
/// predictions, predictions), so that adding the sections of many devices evaluates the model on all their data.
/// </summary>
public sealed class EvaluateClient : IClientAlgorithm
{
    /// <inheritdoc />
    public string Name => "evaluate";

    /// <inheritdoc />
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role) => [SectionSpecs.Evaluation()];

    /// <inheritdoc />
    public ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(solver);
        ArgumentNullException.ThrowIfNull(update);
        ReadOnlyMemory<float> statistics = task.State.IsEmpty ? task.Statistics : task.State;
        solver.Objective.LoadStatistics(statistics.Span, task.Counts.Span);
        Evaluation sums = solver.Objective.Evaluate(task.Parameters.Span, stop);

        Span<double> section = update.Doubles(SectionRole.Evaluation);
        section[0] = sums.LossSum;
        section[1] = sums.Correct;
        section[2] = sums.Count;
        update.Weight = solver.Objective.ExampleCount;
        update.Steps = 0;
        return sums.Count == 0 ? ClientOutcome.Nothing
            : double.IsFinite(sums.LossSum) ? ClientOutcome.Completed
            : ClientOutcome.Diverged;
    }
}
