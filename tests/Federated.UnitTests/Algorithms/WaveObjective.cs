using Federated.Client.Training;

namespace Federated.UnitTests.Algorithms;

/// <summary>f(x) = mean of h_j · (1 − cos(x − c_j)) over the examples j: neither convex nor quadratic, so that differences of gradients depend on where and on which examples they are taken.</summary>
internal sealed class WaveObjective(params (double Height, double Centre)[] examples) : IObjective
{
    public int ParameterCount => 1;

    public int ExampleCount => examples.Length;

    /// <summary>The reference: the mean gradient over a batch, in double.</summary>
    public double Gradient(double x, ReadOnlySpan<int> batch)
    {
        double sum = 0;
        foreach (int example in batch)
        {
            sum += examples[example].Height * Math.Sin(x - examples[example].Centre);
        }

        return sum / batch.Length;
    }

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient)
    {
        gradient[0] = (float)Gradient(parameters[0], batch);
        return Loss(parameters, batch);
    }

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        double sum = 0;
        foreach (int example in batch)
        {
            sum += examples[example].Height * (1 - Math.Cos(parameters[0] - examples[example].Centre));
        }

        return sum / batch.Length;
    }

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) =>
        new(Loss(parameters, [.. Enumerable.Range(0, ExampleCount)]) * ExampleCount, 0, ExampleCount);
}
