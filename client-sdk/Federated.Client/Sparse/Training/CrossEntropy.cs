using Federated.Client.Sparse.Layout;
using Federated.Client.Training;

namespace Federated.Client.Sparse.Training;

/// <summary>Softmax cross-entropy over the scores of a panel.</summary>
internal static unsafe class CrossEntropy
{
    /// <summary>The mean loss; the gradient of it by the scores where one is wanted.</summary>
    public static double Mean(Activation scores, ReadOnlySpan<int> labels, Activation? gradient)
    {
        double total = 0;
        for (int lane = 0; lane < labels.Length; lane++)
        {
            total += Lane(scores, lane, labels[lane], gradient, labels.Length).Loss;
        }

        return total / labels.Length;
    }

    /// <summary>The summed loss and the right predictions of the first lanes.</summary>
    public static Evaluation Evaluate(Activation scores, ReadOnlySpan<int> labels)
    {
        double total = 0;
        long correct = 0;
        for (int lane = 0; lane < labels.Length; lane++)
        {
            (double loss, int best) = Lane(scores, lane, labels[lane], null, 1);
            total += loss;
            correct += best == labels[lane] ? 1 : 0;
        }

        return new Evaluation(total, correct, labels.Length);
    }

    private static (double Loss, int Best) Lane(Activation scores, int lane, int label, Activation? gradient, int count)
    {
        int best = 0, classes = scores.Layout.Channels;
        for (int c = 1; c < classes; c++)
        {
            best = scores.Row(c, 0)[lane] > scores.Row(best, 0)[lane] ? c : best;
        }

        double max = scores.Row(best, 0)[lane], sum = 0;
        for (int c = 0; c < classes; c++)
        {
            sum += Math.Exp(scores.Row(c, 0)[lane] - max);
        }

        for (int c = 0; c < classes && gradient is not null; c++)
        {
            double probability = Math.Exp(scores.Row(c, 0)[lane] - max) / sum;
            gradient.Row(c, 0)[lane] = (float)((probability - (c == label ? 1 : 0)) / count);
        }

        return (Math.Log(sum) + max - scores.Row(label, 0)[lane], best);
    }
}
