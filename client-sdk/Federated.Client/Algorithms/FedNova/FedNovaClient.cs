using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.FedNova;

/// <summary>
/// FedNova (Wang et al. 2020): the difference divided by <c>a = ||a||₁</c>, the weight with which gradients entered it (the number of steps for plain SGD), and a itself. A device may
/// take as many steps as it can.
/// </summary>
public sealed class FedNovaClient : IClientAlgorithm
{
    /// <inheritdoc />
    public string Name => "fednova";

    /// <inheritdoc />
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role) =>
        [.. TrainingSections.Of(schema), TrainingSections.Scalars(1)];

    /// <inheritdoc />
    public ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(solver);
        ArgumentNullException.ThrowIfNull(update);
        ClientOutcome outcome = LocalDescent.Train(
            LocalSgdPlan.From(task.Settings), task, task.Statistics, solver, correction: [], update, out LocalSgdResult result, stop);
        if (outcome.IsUsable())
        {
            Span<float> delta = update.Floats(SectionRole.Delta);
            TensorPrimitives.Multiply(delta, (float)(1 / result.Normaliser), delta);
            update.Doubles(SectionRole.Scalars)[0] = result.Normaliser;
        }

        return outcome;
    }
}
