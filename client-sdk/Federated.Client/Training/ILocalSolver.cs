namespace Federated.Client.Training;

/// <summary>Runs the local loop of corrected SGD. The instance owns scratch memory: it serves one thread at a time.</summary>
public interface ILocalSolver
{
    /// <summary>The objective that the solver descends.</summary>
    IObjective Objective { get; }

    /// <summary>
    /// Takes the plan's steps y ← y - η·m, m ← ρ·m + clip(∇f(y; B)) + c + λ·y + μ·(y - x), from y = x and m = 0, on batches drawn by <see cref="BatchSchedule"/>.
    /// </summary>
    /// <param name="plan">The settings.</param>
    /// <param name="key">Decides batches and masks.</param>
    /// <param name="start">x, the global parameters.</param>
    /// <param name="correction">c, added to every gradient (SCAFFOLD's c - c_i); empty for none.</param>
    /// <param name="local">Receives y; may not overlap <paramref name="start"/>.</param>
    /// <param name="stop">Ends the work between two steps; what was done so far is returned and is usable.</param>
    /// <exception cref="ArgumentException">A vector has the wrong length, or a setting is out of range.</exception>
    LocalSgdResult Solve(
        LocalSgdPlan plan,
        TrainingKey key,
        ReadOnlySpan<float> start,
        ReadOnlySpan<float> correction,
        Span<float> local,
        CancellationToken stop = default);
}
