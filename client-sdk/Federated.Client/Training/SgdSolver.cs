using System.Numerics.Tensors;
using Federated.Protocol.Pruning;

namespace Federated.Client.Training;

/// <summary>The local loop over any objective, in managed memory. After the first call a step allocates nothing.</summary>
public sealed class SgdSolver : IMaskedSolver
{
    private readonly BatchSchedule _batches = new();
    private readonly float[] _gradient;
    private float[] _momentum = [];
    private ModelMask? _mask;

    /// <summary>Creates a solver for an objective.</summary>
    /// <param name="objective">The objective; the solver uses it but does not dispose it.</param>
    public SgdSolver(IObjective objective)
    {
        ArgumentNullException.ThrowIfNull(objective);
        Objective = objective;
        _gradient = new float[objective.ParameterCount];
    }

    /// <inheritdoc />
    public IObjective Objective { get; }

    /// <inheritdoc />
    public void UseMask(ModelMask? mask)
    {
        SolverArguments.CheckMask(mask, Objective.ParameterCount);
        _mask = mask;
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
        SolverArguments.Check(plan, Objective.ParameterCount, start, correction, local);
        int planned = plan.StepsFor(Objective.ExampleCount);
        start.CopyTo(local);
        _mask?.Apply(local);
        var accounting = new StepAccounting(plan, planned);
        if (planned == 0)
        {
            return accounting.ToResult();
        }

        _batches.Start(key, Objective.ExampleCount, plan.BatchSize);
        if (plan.Momentum > 0)
        {
            PrepareMomentum();
        }

        for (int step = 0; step < planned && !stop.IsCancellationRequested; step++)
        {
            Objective.UseMasks(key, step);
            double loss = Objective.LossAndGradient(local, _batches.Next(), _gradient);
            if (!accounting.Accept(loss))
            {
                break;
            }

            Correct(plan, start, correction, local);
            Apply(plan, local);
        }

        return accounting.ToResult();
    }

    private void PrepareMomentum()
    {
        if (_momentum.Length == 0)
        {
            _momentum = new float[_gradient.Length];
        }

        Array.Clear(_momentum);
    }

    private void Correct(LocalSgdPlan plan, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, ReadOnlySpan<float> local)
    {
        // A masked gradient is what is clipped; corrections and pulls may come from vectors that are not masked.
        Span<float> gradient = _gradient;
        _mask?.Apply(gradient);
        if (plan.ClipNorm > 0)
        {
            double norm = Math.Sqrt(SumOfSquares(gradient));
            if (norm > plan.ClipNorm)
            {
                TensorPrimitives.Multiply(gradient, (float)(plan.ClipNorm / norm), gradient);
            }
        }

        if (!correction.IsEmpty)
        {
            TensorPrimitives.Add(gradient, correction, gradient);
        }

        float pull = (float)(plan.WeightDecay + plan.Proximal);
        if (pull > 0)
        {
            TensorPrimitives.MultiplyAdd(local, pull, gradient, gradient);
        }

        if (plan.Proximal > 0)
        {
            TensorPrimitives.MultiplyAdd(start, -(float)plan.Proximal, gradient, gradient);
        }

        if (!correction.IsEmpty || plan.Proximal > 0)
        {
            _mask?.Apply(gradient);
        }
    }

    private void Apply(LocalSgdPlan plan, Span<float> local)
    {
        ReadOnlySpan<float> direction = _gradient;
        if (plan.Momentum > 0)
        {
            TensorPrimitives.MultiplyAdd(_momentum, (float)plan.Momentum, _gradient, _momentum);
            direction = _momentum;
        }

        TensorPrimitives.MultiplyAdd(direction, -(float)plan.LearningRate, local, local);
    }

    private static double SumOfSquares(ReadOnlySpan<float> vector)
    {
        // Blocks bound the error of the float sums.
        double sum = 0;
        for (int i = 0; i < vector.Length; i += 4096)
        {
            sum += TensorPrimitives.SumOfSquares(vector.Slice(i, Math.Min(4096, vector.Length - i)));
        }

        return sum;
    }
}
