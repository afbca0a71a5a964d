using Federated.Client.Training;

namespace Federated.UnitTests.Client.OneByte;

/// <summary>½ θᵀAθ with A = diag(1, 2, …, d) plus ones, whatever the batch.</summary>
internal sealed class Quadratic(int dimension) : IObjective
{
    public int ParameterCount => dimension;

    public int ExampleCount { get; init; } = 10;

    public List<int[]> Batches { get; } = [];

    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient) =>
        throw new InvalidOperationException("A machine of a one-byte exchange asks for no gradient.");

    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        Batches.Add(batch.ToArray());
        double sum = 0, square = 0;
        for (int i = 0; i < parameters.Length; i++)
        {
            sum += parameters[i];
            square += (i + 1) * (double)parameters[i] * parameters[i];
        }

        return ((sum * sum) + square) / 2;
    }

    public static double[] Gradient(ReadOnlySpan<float> parameters)
    {
        double sum = 0;
        foreach (float parameter in parameters)
        {
            sum += parameter;
        }

        double[] gradient = new double[parameters.Length];
        for (int i = 0; i < gradient.Length; i++)
        {
            gradient[i] = sum + ((i + 1) * parameters[i]);
        }

        return gradient;
    }

    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) => default;
}
