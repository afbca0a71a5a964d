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

    public static SoftmaxObjective Examples(uint member)
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

        var objective = new SoftmaxObjective(Features, Outputs);
        objective.Select(new ExampleSet(features, Features, labels), Enumerable.Range(0, Count).ToArray());
        return objective;
    }
}
