using Federated.Client.Training;

namespace Federated.UnitTests.Training;

/// <summary>Reproducible examples and vectors from a small linear congruential generator.</summary>
internal static class SampleExamples
{
    public static ExampleSet Create(int count, int features, int classes, ulong seed = 1)
    {
        float[] matrix = Vector(count * features, seed);
        int[] labels = [.. Enumerable.Range(0, count).Select(i => (int)((i * 7 + (int)seed) % classes))];
        return new ExampleSet(matrix, features, labels);
    }

    public static float[] Vector(int length, ulong seed, float scale = 1)
    {
        float[] vector = new float[length];
        ulong state = (seed * 0x9E3779B97F4A7C15) + 1;
        for (int i = 0; i < length; i++)
        {
            state = (state * 6364136223846793005) + 1442695040888963407;
            vector[i] = (((state >> 40) / (float)(1 << 24)) - 0.5f) * 2 * scale;
        }

        return vector;
    }

    public static int[] Range(int count) => [.. Enumerable.Range(0, count)];
}
