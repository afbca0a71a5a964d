using System.Numerics.Tensors;
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
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role)
    {
        ArgumentNullException.ThrowIfNull(schema);
        SectionSpec delta = Dense(SectionRole.Delta, schema.ParameterCount);
        return schema.AggregatesStatistics ? [delta, Dense(SectionRole.BnStatistics, schema.StatisticCount)] : [delta];
    }

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
        IObjective objective = solver.Objective;
        LocalSgdPlan plan = LocalSgdPlan.From(task.Settings);
        ReadOnlyMemory<float> statistics = task.State.IsEmpty ? task.Statistics : task.State;
        objective.LoadStatistics(statistics.Span, task.Counts.Span);

        // The delta's memory holds the local parameters first: the difference needs no buffer of its own.
        ReadOnlySpan<float> global = task.Parameters.Span;
        Span<float> delta = update.Floats(SectionRole.Delta);
        LocalSgdResult result = solver.Solve(plan, task.Key, global, correction: [], delta, stop);
        TensorPrimitives.Subtract(delta, global, delta);

        update.Weight = objective.ExampleCount;
        update.Steps = result.Steps;
        update.TrainingLoss = result.MeanLoss;
        if (result.Diverged || !float.IsFinite(TensorPrimitives.SumOfMagnitudes<float>(delta)))
        {
            return ClientOutcome.Diverged;
        }

        if (result.Steps == 0)
        {
            return ClientOutcome.Nothing;
        }

        StoreStatistics(objective, update);
        return result.Steps == result.PlannedSteps ? ClientOutcome.Completed : ClientOutcome.Partial;
    }

    private static void StoreStatistics(IObjective objective, ClientUpdate update)
    {
        if (objective.StatisticCount > 0)
        {
            Span<float> target = update.Has(SectionRole.BnStatistics) ? update.Floats(SectionRole.BnStatistics) : update.NextState.Span;
            objective.StoreStatistics(target, []);
        }
    }

    private static SectionSpec Dense(SectionRole role, int elements) => new()
    {
        Role = role,
        Dtype = SectionDType.F32,
        Codec = SectionCodec.Dense,
        ElementCount = (ulong)elements,
        Denominator = SectionDenominator.Weight,
    };
}
