using Federated.Client.Training;
using Federated.Client.Training.Softmax;
using Federated.Numerics;

namespace Federated.PeerHost;

/// <summary>Three clouds of points, one for each class, the same for every member but for the noise.</summary>
internal static class Clouds
{
    public const int Features = 8;
    public const int Outputs = 3;

    private const int Count = 120;

    /// <summary>The points of a member.</summary>
    public static ExampleSet Of(ulong member)
    {
        var random = new CounterRandom(member, RandomPurpose.Test);
        float[] features = new float[Count * Features];
        int[] labels = new int[Count];
        for (int i = 0; i < Count; i++)
        {
            labels[i] = i % Outputs;
            for (int j = 0; j < Features; j++)
            {
                features[(i * Features) + j] = (j % Outputs == labels[i] ? 1.5f : 0f) + (random.NextSingle() - 0.5f);
            }
        }

        return new ExampleSet(features, Features, labels);
    }

    /// <summary>Softmax regression over the points of a member.</summary>
    public static SoftmaxObjective Examples(ulong member)
    {
        var objective = new SoftmaxObjective(Features, Outputs);
        objective.Select(Of(member), Enumerable.Range(0, Count).ToArray());
        return objective;
    }
}
