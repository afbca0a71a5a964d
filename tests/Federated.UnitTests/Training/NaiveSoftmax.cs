using Federated.Client.Training;

namespace Federated.UnitTests.Training;

/// <summary>Softmax regression in plain double loops: the oracle.</summary>
internal static class NaiveSoftmax
{
    public static (double Loss, double[] Gradient) LossAndGradient(
        double[] parameters, ExampleSet examples, ReadOnlySpan<int> rows, int outputs)
    {
        int features = examples.FeatureLength;
        double[] gradient = new double[parameters.Length];
        double loss = 0;
        foreach (int row in rows)
        {
            int label = examples.Labels.Span[row];
            double[] probability = Probabilities(parameters, examples, row, outputs);
            loss -= Math.Log(outputs == 1 && label == 0 ? 1 - probability[0] : probability[outputs == 1 ? 0 : label]) / rows.Length;
            for (int o = 0; o < outputs; o++)
            {
                double target = outputs == 1 ? label : o == label ? 1 : 0;
                double residual = (probability[o] - target) / rows.Length;
                gradient[(features * outputs) + o] += residual;
                for (int j = 0; j < features; j++)
                {
                    gradient[(o * features) + j] += residual * examples.Features.Span[(row * features) + j];
                }
            }
        }

        return (loss, gradient);
    }

    public static double[] Probabilities(double[] parameters, ExampleSet examples, int row, int outputs)
    {
        int features = examples.FeatureLength;
        double[] scores = new double[outputs];
        for (int o = 0; o < outputs; o++)
        {
            scores[o] = parameters[(features * outputs) + o];
            for (int j = 0; j < features; j++)
            {
                scores[o] += parameters[(o * features) + j] * examples.Features.Span[(row * features) + j];
            }
        }

        if (outputs == 1)
        {
            return [1 / (1 + Math.Exp(-scores[0]))];
        }

        double sum = scores.Sum(Math.Exp);
        return [.. scores.Select(score => Math.Exp(score) / sum)];
    }
}
