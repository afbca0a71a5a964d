using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.FedDyn;

/// <summary>
/// FedDyn (Acar et al. 2021): SGD on <c>f_i(y) − ⟨g_i, y⟩ + α/2·||y − x||²</c>, then <c>g_i ← g_i − α·(y − x)</c>, from g_i = 0. The device keeps g_i; α comes as the proximal
/// coefficient.
/// </summary>
public sealed class FedDynClient : IClientAlgorithm
{
    /// <inheritdoc />
    public string Name => "feddyn";

    /// <inheritdoc />
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role) => [.. TrainingSections.Of(schema)];

    /// <inheritdoc />
    public int StateLength(ModelSchema schema, LocalTraining settings)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return schema.ParameterCount;
    }

    /// <inheritdoc />
    public int StateVectors(ModelSchema schema, LocalTraining settings) => 1;

    /// <inheritdoc />
    public ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(solver);
        ArgumentNullException.ThrowIfNull(update);
        LocalSgdPlan plan = LocalSgdPlan.From(task.Settings);

        // The next state's memory holds -g_i while the steps are taken.
        Span<float> next = update.NextState.Span;
        next.Clear();
        if (!task.State.IsEmpty)
        {
            TensorPrimitives.Negate(task.State.Span, next);
        }

        ClientOutcome outcome = LocalDescent.Train(plan, task, task.Statistics, solver, next, update, out _, stop);
        if (outcome.IsUsable())
        {
            TensorPrimitives.MultiplyAdd(update.Floats(SectionRole.Delta), (float)plan.Proximal, next, next);
            TensorPrimitives.Negate(next, next);
        }

        return outcome;
    }
}
