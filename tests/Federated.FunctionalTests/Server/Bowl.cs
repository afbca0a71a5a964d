using Federated.Client.Training;

namespace Federated.FunctionalTests.Server;

/// <summary>f(x) = h/2 · ||x − c||², one example, every coordinate with the same h and c: what a device computes is known in closed form.</summary>
internal sealed class Bowl(int parameters, double curvature, double centre) : IObjective
{
    public int ParameterCount => parameters;

    public int ExampleCount => 1;

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient)
    {
        for (var i = 0; i < gradient.Length; i++)
        {
            gradient[i] = (float)(curvature * (parameters[i] - centre));
        }

        return Loss(parameters, batch);
    }

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        var sum = 0.0;
        foreach (var parameter in parameters)
        {
            sum += curvature / 2 * (parameter - centre) * (parameter - centre);
        }

        return sum;
    }

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default)
    {
        return new Evaluation(Loss(parameters, [0]), 0, 1);
    }
}
