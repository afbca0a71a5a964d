using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.QFedAvg;

/// <summary>
/// q-FedAvg (Li et al. 2020): with F the client's loss at the global model (plus 1e-10) and L = 1/η, the update is <c>F^q·(y − x)</c> and the number
/// <c>F^q + q·F^(q−1)·L·||y − x||²</c>, which are the paper's Δ and h divided by L.
/// </summary>
public sealed class QFedAvgClient : IClientAlgorithm
{
    private const double Floor = 1e-10;

    /// <inheritdoc />
    public string Name => "qfedavg";

    /// <inheritdoc />
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role) =>
        [.. TrainingSections.Of(schema), TrainingSections.Scalars(1)];

    /// <inheritdoc />
    public ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(solver);
        ArgumentNullException.ThrowIfNull(update);
        LocalSgdPlan plan = LocalSgdPlan.From(task.Settings);
        double q = task.Settings.Parameters.TryGetValue("q", out double given) ? given : 0.1;
        solver.Objective.LoadStatistics(task.Statistics.Span, task.Counts.Span);
        double loss = solver.Objective.Evaluate(task.Parameters.Span, stop).MeanLoss + Floor;
        ClientOutcome outcome = LocalDescent.Train(plan, task, task.Statistics, solver, correction: [], update, out _, stop);
        if (!outcome.IsUsable())
        {
            return outcome;
        }

        Span<float> delta = update.Floats(SectionRole.Delta);
        double squares = 0;
        foreach (float value in delta)
        {
            squares += (double)value * value;
        }

        double scale = Math.Pow(loss, q);
        double denominator = scale + (q * Math.Pow(loss, q - 1) * squares / plan.LearningRate);
        TensorPrimitives.Multiply(delta, (float)scale, delta);
        update.Doubles(SectionRole.Scalars)[0] = denominator;
        return double.IsFinite(denominator) ? outcome : ClientOutcome.Diverged;
    }
}
