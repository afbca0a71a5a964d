using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.Statistics;

/// <summary>
/// The client half of a STATISTICS task: plain sums over the client's examples, so that adding the sections of many devices describes all their data. Values that are
/// missing (NaN) are left out of the moments of their feature.
/// </summary>
public sealed class StatisticsClient : IClientAlgorithm
{
    /// <inheritdoc />
    public string Name => StatisticsShape.Algorithm;

    /// <inheritdoc />
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role) =>
        StatisticsShape.From(settings).Sections();

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">The application's objective cannot give what the task asks for, or a label is out of range.</exception>
    public ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(solver);
        ArgumentNullException.ThrowIfNull(update);
        IObjective objective = solver.Objective;
        if (objective.ExampleCount == 0)
        {
            return ClientOutcome.Nothing;
        }

        StatisticsShape shape = StatisticsShape.From(task.Settings);
        update.Payload.Span.Clear();
        if (shape.Features > 0)
        {
            LocalSums.AddFeatures(DataOf(objective), new MomentSums(update.Doubles(SectionRole.Scalars)));
        }

        if (shape.Labels > 0)
        {
            LocalSums.AddLabels(DataOf(objective), update.Longs(SectionRole.Counts));
        }

        if (shape.Channels > 0)
        {
            INormalisationObjective normalised = objective as INormalisationObjective
                ?? throw new InvalidOperationException($"{objective.GetType().Name} does not tell the inputs of its normalisation layers.");
            objective.LoadStatistics(task.Statistics.Span, task.Counts.Span);
            normalised.SumNormalisationInputs(task.Parameters.Span, new MomentSums(update.Doubles(SectionRole.BnStatistics)), stop);
        }

        update.Weight = objective.ExampleCount;
        update.Steps = 0;
        return ClientOutcome.Completed;
    }

    private static IExampleObjective DataOf(IObjective objective) => objective as IExampleObjective
        ?? throw new InvalidOperationException($"{objective.GetType().Name} does not give its examples to statistics.");
}
