using Federated.Client.Training;

namespace Federated.FunctionalTests.Exchange;

/// <summary>An objective that stops before one of its passes until it is let go, so that a test can do something in the middle of a run. Gradients are refused.</summary>
internal sealed class GatedObjective(IObjective inner, int gate = int.MaxValue) : IObjective, IDisposable
{
    private readonly ManualResetEventSlim _go = new();
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _passes;

    public int ParameterCount => inner.ParameterCount;

    public int ExampleCount => inner.ExampleCount;

    /// <summary>Forward passes so far.</summary>
    public int Passes => Volatile.Read(ref _passes);

    /// <summary>Done when the objective stands at the gate.</summary>
    public Task Reached => _reached.Task;

    public void Open() => _go.Set();

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient) =>
        throw new InvalidOperationException("A device of an exchange makes forward passes only.");

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        if (Interlocked.Increment(ref _passes) == gate)
        {
            _reached.TrySetResult();
            _go.Wait(TestContext.Current.CancellationToken);
        }

        return inner.Loss(parameters, batch);
    }

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) => inner.Evaluate(parameters, cancellationToken);

    public void Dispose() => _go.Dispose();
}
