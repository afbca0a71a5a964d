using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms.Scaffold;

/// <summary>
/// SCAFFOLD (Karimireddy et al. 2020): steps <c>y ← y − η·(g − c_i + c)</c>, then <c>c_i ← c_i − c + (x − y)/(a·η)</c> (the paper's option II), from c_i = 0. The device
/// keeps c_i; the update carries the difference of the parameters and of c_i.
/// </summary>
/// <remarks>
/// a is the number of steps for plain SGD. With momentum it is the weight with which one constant gradient would enter the steps, so that c_i stays a mean of gradients.
/// </remarks>
public sealed class ScaffoldClient : IClientAlgorithm
{
    /// <inheritdoc />
    public string Name => "scaffold";

    /// <inheritdoc />
    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role) =>
        [.. TrainingSections.Of(schema), TrainingSections.Vector(SectionRole.Control, schema)];

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
        ReadOnlySpan<float> common = task.Down(SectionRole.Control);
        ReadOnlySpan<float> own = task.State.Span;

        // The section's memory holds the correction c - c_i first, then the change of c_i.
        Span<float> control = update.Floats(SectionRole.Control);
        common.CopyTo(control);
        if (!own.IsEmpty)
        {
            TensorPrimitives.Subtract(control, own, control);
        }

        ClientOutcome outcome = LocalDescent.Train(plan, task, task.Statistics, solver, control, update, out LocalSgdResult result, stop);
        if (!outcome.IsUsable())
        {
            return outcome;
        }

        float scale = (float)(-1 / (EffectiveSteps(result.Steps, plan.Momentum) * plan.LearningRate));
        TensorPrimitives.Multiply(update.Floats(SectionRole.Delta), scale, control);
        TensorPrimitives.Subtract(control, common, control);
        Span<float> next = update.NextState.Span;
        control.CopyTo(next);
        if (!own.IsEmpty)
        {
            TensorPrimitives.Add(next, own, next);
        }

        return outcome;
    }

    /// <summary>How often a constant gradient would enter K steps of momentum r: [K - r(1 - r^K)/(1 - r)] / (1 - r).</summary>
    private static double EffectiveSteps(int steps, double momentum) => momentum == 0
        ? steps
        : (steps - (momentum * (1 - Math.Pow(momentum, steps)) / (1 - momentum))) / (1 - momentum);
}
