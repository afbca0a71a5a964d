using System.Numerics.Tensors;
using Federated.Client.Training;
using Federated.Numerics;

namespace Federated.Samples.LanguageModel;

/// <summary>Trains a model the usual way, by gradients, with Adam.</summary>
internal static class FirstOrder
{
    private const int Batch = 32;

    /// <summary>Moves the parameters; returns the mean loss of the last steps.</summary>
    public static double Train(IObjective objective, float[] parameters, int steps, double rate, Action<int, double> progress, CancellationToken stop)
    {
        float[] gradient = new float[parameters.Length], mean = new float[parameters.Length], square = new float[parameters.Length];
        double smooth = double.NaN;
        for (int step = 1; step <= steps; step++)
        {
            stop.ThrowIfCancellationRequested();
            int[] batch = new CounterRandom(1, RandomPurpose.Batches, 0, 0, (uint)step).Choose(objective.ExampleCount, Math.Min(Batch, objective.ExampleCount));
            double loss = objective.LossAndGradient(parameters, batch, gradient);
            smooth = double.IsNaN(smooth) ? loss : (0.95 * smooth) + (0.05 * loss);
            double norm = TensorPrimitives.Norm<float>(gradient);
            float clip = norm > 1 ? (float)(1 / norm) : 1;
            double warm = Math.Min(1, step / 50.0) * rate;
            for (int i = 0; i < parameters.Length; i++)
            {
                float g = gradient[i] * clip;
                mean[i] = (0.9f * mean[i]) + (0.1f * g);
                square[i] = (0.99f * square[i]) + (0.01f * g * g);
                double m = mean[i] / (1 - Math.Pow(0.9, step)), v = square[i] / (1 - Math.Pow(0.99, step));
                parameters[i] -= (float)(warm * m / (Math.Sqrt(v) + 1e-8));
            }

            progress(step, smooth);
        }

        return smooth;
    }
}
