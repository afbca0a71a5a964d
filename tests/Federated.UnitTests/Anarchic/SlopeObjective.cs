using Federated.Client.Training;

namespace Federated.UnitTests.Anarchic;

/// <summary>f(x) = g x: its gradient is the same everywhere.</summary>
internal sealed class SlopeObjective(double slope) : IObjective
{
    public int ParameterCount => 1;

    public int ExampleCount => 1;

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient)
    {
        gradient[0] = (float)slope;
        return Loss(parameters, batch);
    }

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch) => slope * parameters[0];

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) => new(Loss(parameters, []), 0, 1);
}
