using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.FedAvg;

/// <summary>
/// Federated averaging (McMahan et al. 2017): local SGD from the global model; the update is local minus global parameters, weighted by the number
/// of examples. With a proximal coefficient it is FedProx. Batch-norm statistics go along as absolute values, or, when the schema keeps them local, are saved on the device.
/// </summary>
public sealed class FedAvgClient : IClientAlgorithm
{
    /// <inheritdoc />
    public string Name => "fedavg";

    /// <inheritdoc />
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role) => [.. TrainingSections.Of(schema)];

    /// <inheritdoc />
    public int StateLength(ModelSchema schema, LocalTraining settings)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return schema.AggregatesStatistics ? 0 : schema.StatisticCount;
    }

    /// <inheritdoc />
    public ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(solver);
        ArgumentNullException.ThrowIfNull(update);
        ReadOnlyMemory<float> statistics = task.State.IsEmpty ? task.Statistics : task.State;
        ClientOutcome outcome = LocalDescent.Train(
            LocalSgdPlan.From(task.Settings), task, statistics, solver, correction: [], update, out _, stop);
        if (outcome.IsUsable() && solver.Objective.StatisticCount > 0 && !update.Has(SectionRole.BnStatistics))
        {
            solver.Objective.StoreStatistics(update.NextState.Span, []);
        }

        return outcome;
    }
}
