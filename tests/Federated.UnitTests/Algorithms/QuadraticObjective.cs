using Federated.Client.Training;

namespace Federated.UnitTests.Algorithms;

/// <summary>
/// f(x) = mean of h_j/2 · (x − c_j)² over the examples j: the oracle problem of the algorithms, whose paths are known in closed form. One parameter; gradients are
/// computed in double and rounded once.
/// </summary>
internal sealed class QuadraticObjective(params (double Curvature, double Centre)[] examples) : IObjective
{
    public int ParameterCount => 1;

    public int ExampleCount => examples.Length;

    public int Gradients { get; private set; }

    /// <summary>Called at the end of every gradient.</summary>
    public Action? AfterGradient { get; init; }

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient)
    {
        Gradients++;
        double sum = 0;
        foreach (int example in batch)
        {
            sum += examples[example].Curvature * (parameters[0] - examples[example].Centre);
        }

        gradient[0] = (float)(sum / batch.Length);
        AfterGradient?.Invoke();
        return Loss(parameters, batch);
    }

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        double sum = 0;
        foreach (int example in batch)
        {
            double distance = parameters[0] - examples[example].Centre;
            sum += examples[example].Curvature / 2 * distance * distance;
        }

        return sum / batch.Length;
    }

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) =>
        new(Loss(parameters, [.. Enumerable.Range(0, ExampleCount)]) * ExampleCount, 0, ExampleCount);
}
