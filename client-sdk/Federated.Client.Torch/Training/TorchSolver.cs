using Federated.Client.Torch.Models;
using Federated.Client.Training;
using Federated.Protocol.Pruning;
using TorchSharp;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Training;

/// <summary>The local loop on the module's own flat tensors: parameters stay on their device between steps, and every update is an operation on one tensor.</summary>
public sealed class TorchSolver : IMaskedSolver, IDisposable
{
    private readonly TorchObjective _objective;
    private readonly BatchSchedule _batches = new();
    private readonly Tensor _start;
    private Tensor? _momentum;
    private Tensor? _correction;

    // Held also while there is no mask: the clients that a worker serves in turn have the same one.
    private DeviceMask? _held;
    private DeviceMask? _mask;

    /// <summary>Creates a solver for an objective.</summary>
    /// <param name="objective">The objective; the solver uses it but does not dispose it.</param>
    public TorchSolver(TorchObjective objective)
    {
        ArgumentNullException.ThrowIfNull(objective);
        _objective = objective;
        _start = Like();
    }

    /// <inheritdoc />
    public IObjective Objective => _objective;

    /// <inheritdoc />
    public void UseMask(ModelMask? mask)
    {
        SolverArguments.CheckMask(mask, _objective.ParameterCount);
        if (mask is not null && !ReferenceEquals(mask, _held?.Mask))
        {
            _held?.Dispose();
            _held = new DeviceMask(mask, _objective.Module.Device);
        }

        _mask = mask is null ? null : _held;
    }

    /// <inheritdoc />
    public LocalSgdResult Solve(
        LocalSgdPlan plan,
        TrainingKey key,
        ReadOnlySpan<float> start,
        ReadOnlySpan<float> correction,
        Span<float> local,
        CancellationToken stop = default)
    {
        SolverArguments.Check(plan, _objective.ParameterCount, start, correction, local);
        int planned = plan.StepsFor(_objective.ExampleCount);
        var accounting = new StepAccounting(plan, planned);
        if (planned == 0)
        {
            start.CopyTo(local);
            _mask?.Mask.Apply(local);
            return accounting.ToResult();
        }

        Prepare(plan, start, correction);
        _batches.Start(key, _objective.ExampleCount, plan.BatchSize);
        using var coefficients = new StepCoefficients(plan);
        for (int step = 0; step < planned && !stop.IsCancellationRequested; step++)
        {
            _objective.UseMasks(key, step);
            if (!accounting.Accept(_objective.Backward(_batches.Next())))
            {
                break;
            }

            using IDisposable noGrad = no_grad();
            Apply(plan, coefficients, corrected: !correction.IsEmpty);
        }

        _objective.Module.StoreParameters(local);
        return accounting.ToResult();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _start.Dispose();
        _momentum?.Dispose();
        _correction?.Dispose();
        _held?.Dispose();
    }

    private void Prepare(LocalSgdPlan plan, ReadOnlySpan<float> start, ReadOnlySpan<float> correction)
    {
        _objective.Module.LoadParameters(start);
        if (_mask is not null)
        {
            using IDisposable noGrad = no_grad();
            _mask.Apply(_objective.Module.Parameters);
        }

        if (plan.Proximal > 0)
        {
            FlatTensor.Load(_start, start, nameof(start));
        }

        if (!correction.IsEmpty)
        {
            _correction ??= Like();
            FlatTensor.Load(_correction, correction, nameof(correction));
        }

        if (plan.Momentum > 0)
        {
            _momentum ??= Like();
            FlatTensor.Clear(_momentum);
        }
    }

    private void Apply(LocalSgdPlan plan, StepCoefficients coefficients, bool corrected)
    {
        Tensor parameters = _objective.Module.Parameters;
        Tensor gradient = _objective.Module.Gradient;
        _mask?.Apply(gradient);
        if (plan.ClipNorm > 0)
        {
            Clip(gradient, plan.ClipNorm);
        }

        if (corrected)
        {
            gradient.add_(_correction!);
        }

        if (plan.WeightDecay + plan.Proximal > 0)
        {
            gradient.add_(parameters, coefficients.Pull);
        }

        if (plan.Proximal > 0)
        {
            gradient.add_(_start, coefficients.MinusProximal);
        }

        // Corrections and pulls may come from vectors that are not masked.
        if (corrected || plan.Proximal > 0)
        {
            _mask?.Apply(gradient);
        }

        if (plan.Momentum > 0)
        {
            _momentum!.mul_(coefficients.Momentum).add_(gradient);
        }

        parameters.add_(plan.Momentum > 0 ? _momentum! : gradient, coefficients.MinusLearningRate);
    }

    private static void Clip(Tensor gradient, double limit)
    {
        using Tensor norm = gradient.norm();
        double length = TensorValue.Single(norm);
        if (length > limit)
        {
            using Scalar scale = limit / length;
            gradient.mul_(scale);
        }
    }

    private Tensor Like() => zeros_like(_objective.Module.Parameters).DetachFromDisposeScope();
}
