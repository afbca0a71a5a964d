using System.Numerics.Tensors;
using Federated.Client.Algorithms.VarianceReduction;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.FedAmd;

/// <summary>
/// FedAMD (Wu et al. 2023). An anchor sends its gradient over a large batch at the global model, its bullseye. A miner walks K steps from the mean of the bullseyes
/// (<see cref="SarahWalk"/>) and sends the difference of the parameters.
/// </summary>
/// <remarks>
/// Unless the server holds the bullseyes, an anchor sends the change of its own since it was last counted, so that the server needs their sum only. The device
/// keeps what the server then believes its bullseye to be, and whether there is one. The task's parameter <c>absolute</c> tells an anchor that the server has none of it.
/// </remarks>
public sealed class FedAmdClient : IClientAlgorithm
{
    private const string Anchor = "anchor";

    /// <inheritdoc />
    public string Name => "fedamd";

    /// <inheritdoc />
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return role != Anchor ? [TrainingSections.Vector(SectionRole.Delta, schema)]
            : IsServerHeld(settings) ? [TrainingSections.Vector(SectionRole.Gradient, schema)]
            : [TrainingSections.Vector(SectionRole.Gradient, schema), TrainingSections.Scalars(1)];
    }

    /// <inheritdoc />
    public int StateLength(ModelSchema schema, LocalTraining settings)
    {
        ArgumentNullException.ThrowIfNull(schema);
        return IsServerHeld(settings) ? 0 : schema.ParameterCount + 1;
    }

    /// <inheritdoc />
    public int StateVectors(ModelSchema schema, LocalTraining settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        return IsServerHeld(settings) ? 0 : 1;
    }

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

        return task.Role == Anchor ? RunAnchor(task, objective, update, stop) : RunMiner(task, objective, update, stop);
    }

    private static ClientOutcome RunAnchor(ClientTask task, IObjective objective, ClientUpdate update, CancellationToken stop)
    {
        Span<float> gradient = update.Floats(SectionRole.Gradient);
        var batch = new LargeBatch(objective, task.Settings, task.Key);
        if (batch.Gradient(task.Parameters.Span, gradient, stop) is not { } loss)
        {
            return ClientOutcome.Nothing;
        }

        update.Gradients = batch.Size;
        update.TrainingLoss = loss;
        Shorten(gradient, task.Settings.ClipNorm);
        if (!double.IsFinite(update.TrainingLoss) || !float.IsFinite(TensorPrimitives.SumOfMagnitudes<float>(gradient)))
        {
            return ClientOutcome.Diverged;
        }

        if (!IsServerHeld(task.Settings))
        {
            SendChange(task, gradient, update);
        }

        return ClientOutcome.Completed;
    }

    /// <summary>Turns the bullseye into its change since the last one, where there is one.</summary>
    private static void SendChange(ClientTask task, Span<float> gradient, ClientUpdate update)
    {
        Span<float> next = update.NextState.Span[..gradient.Length];
        bool isAbsolute = task.State.IsEmpty || task.State.Span[^1] == 0 || task.Settings.Parameters.GetValueOrDefault("absolute", 0) != 0;
        if (isAbsolute)
        {
            gradient.CopyTo(next);
        }
        else
        {
            // The old bullseye plus the rounded change is what the server has: the next change corrects this one's rounding.
            ReadOnlySpan<float> old = task.State.Span[..^1];
            TensorPrimitives.Subtract(gradient, old, gradient);
            TensorPrimitives.Add(gradient, old, next);
        }

        update.NextState.Span[^1] = 1;
        update.Doubles(SectionRole.Scalars)[0] = isAbsolute ? 1 : 0;
    }

    private static ClientOutcome RunMiner(ClientTask task, IObjective objective, ClientUpdate update, CancellationToken stop)
    {
        // A miner's bullseye stays as it is.
        task.State.CopyTo(update.NextState);
        LocalSgdPlan plan = LocalSgdPlan.From(task.Settings);
        Span<float> delta = update.Floats(SectionRole.Delta);
        using var direction = new Scratch(delta.Length);
        task.Down(SectionRole.Gradient).CopyTo(direction.Values);
        LocalSgdResult result = SarahWalk.Run(
            plan, plan.StepsFor(objective.ExampleCount), task.Key, objective, task.Parameters.Span, direction.Values, delta, stop);
        return update.TakeWalk(result, task.Parameters.Span, plan, objective.ExampleCount);
    }

    private static void Shorten(Span<float> gradient, double clipNorm)
    {
        double norm = clipNorm > 0 ? TensorPrimitives.Norm<float>(gradient) : 0;
        if (norm > clipNorm)
        {
            TensorPrimitives.Multiply(gradient, (float)(clipNorm / norm), gradient);
        }
    }

    private static bool IsServerHeld(LocalTraining settings) => settings.Parameters.GetValueOrDefault("serverHeld", 0) != 0;
}
