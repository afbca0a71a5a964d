using Federated.Aggregation.Robust.Gram;
using Federated.Aggregation.Robust.Outliers;
using Federated.Numerics;

namespace Federated.UnitTests.Aggregation.Robust.Outliers;

public sealed class OutlierRuleTests
{
    [Theory]
    [InlineData(1, 9, 2)]
    [InlineData(2, 13, 4)]
    [InlineData(3, 5, 0)]
    public void DivideAndConquer_WholeVectorsAsSample_DropsTheFarthestAlongTheLeadingDirection(ulong seed, int count, int byzantine)
    {
        float[][] updates = Updates(seed, count, 40);
        for (int k = 0; k < byzantine; k++)
        {
            updates[k] = [.. updates[k].Select(x => x + 1.5f)];
        }

        double[] squared = NaiveSquaredCoordinates(updates);
        int[] expected = [.. Enumerable.Range(0, count).OrderBy(i => squared[i]).Take(count - byzantine).Order()];

        GramCombination choice = new DivideAndConquer(byzantine).Choose(Memories(updates), new CounterRandom(4, RandomPurpose.Test));

        Assert.Equal(expected, Enumerable.Range(0, count).Where(i => choice.Coefficients[i] > 0));
        Assert.Equal(1, choice.Coefficients.Sum(), 1e-12);
    }

    [Fact]
    public void DivideAndConquer_FarAttackers_AreLeftOutOfTheMean()
    {
        float[][] updates = Updates(5, 11, 3000);
        for (int k = 0; k < 3; k++)
        {
            Array.Fill(updates[k], 1e6f);
        }

        // The fourth of the f.
        updates[7][2999] = float.NaN;
        float[] aggregate = new float[3000];
        var options = new DivideAndConquerOptions { SampleSize = 100, Samples = 4 };

        GramCombination choice = new DivideAndConquer(4, options).Aggregate(Memories(updates), aggregate, new CounterRandom(6, RandomPurpose.Test));

        float[][] honest = [.. updates.Where((_, k) => k is > 2 and not 7)];
        Assert.All(Enumerable.Range(0, 3000), i => Assert.Equal(honest.Average(vector => (double)vector[i]), aggregate[i], 1e-5));
        Assert.Equal(0, choice.Trust[0]);
        Assert.Equal(0, choice.Trust[7]);
        Assert.Equal(1, choice.Trust[8]);
    }

    [Fact]
    public void DivideAndConquer_HalfByzantine_SaysWhichNumberIsWrong()
    {
        string message = Assert.Throws<ArgumentException>(
            () => new DivideAndConquer(2).Choose(Memories(Updates(7, 4, 3)), new CounterRandom(8, RandomPurpose.Test))).Message;

        Assert.Contains("f = 2", message, StringComparison.Ordinal);
        Assert.Contains("there are 4", message, StringComparison.Ordinal);
    }

    [Fact]
    public void ClippedClustering_TwoDirections_TakesTheLargerOneClipped()
    {
        float[][] updates = [[-1, 0.1f], [3, 0], [4, 0.2f], [-5, 0], [2, 0.1f]];

        float[] aggregate = Run(new ClippedClustering(3), updates);

        // 1, 2 and 4 point the same way; 2 is cut from length √16.04 to 3.
        double cut = 3 / Math.Sqrt(16.04);
        Assert.Equal((3 + (4 * cut) + 2) / 3, aggregate[0], 1e-6);
        Assert.Equal(((0.2 * cut) + 0.1) / 3, aggregate[1], 1e-6);
    }

    [Fact]
    public void ClippedClustering_DefaultBound_IsTheMedianNorm()
    {
        float[] aggregate = Run(new ClippedClustering(), [[1, 0], [2, 0], [9, 0], [0, -1]]);

        // The norms 1, 1, 2, 9 have the median 1.5.
        Assert.Equal((1 + 1.5 + 1.5) / 3, aggregate[0], 1e-6);
    }

    [Fact]
    public void ClippedClustering_OneTwoAndZeroUpdates_AreHandled()
    {
        Assert.Equal([5f, 0f], Run(new ClippedClustering(), [[5, 0]]));
        Assert.Equal([1f, 0f], Run(new ClippedClustering(), [[1, 0], [-1, 0]]));
        Assert.Equal([0f, 0f], Run(new ClippedClustering(), [[0, 0], [0, 0], [0, 0]]));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClippedClustering(0));
    }

    private static double[] NaiveSquaredCoordinates(float[][] updates)
    {
        int length = updates[0].Length;
        double[] mean = [.. Enumerable.Range(0, length).Select(i => updates.Average(vector => (double)vector[i]))];
        double[] direction = [.. Enumerable.Range(0, length).Select(i => 1.0 / (i + 1))];
        for (int step = 0; step < 5000; step++)
        {
            double[] next = new double[length];
            foreach (float[] vector in updates)
            {
                double along = vector.Select((x, i) => (x - mean[i]) * direction[i]).Sum();
                for (int i = 0; i < length; i++)
                {
                    next[i] += along * (vector[i] - mean[i]);
                }
            }

            double norm = Math.Sqrt(next.Sum(x => x * x));
            direction = [.. next.Select(x => x / norm)];
        }

        return [.. updates.Select(vector => Math.Pow(vector.Select((x, i) => (x - mean[i]) * direction[i]).Sum(), 2))];
    }

    private static float[] Run(IGramRule rule, float[][] updates)
    {
        float[] aggregate = new float[updates[0].Length];
        GramAggregation.Run(rule, Memories(updates), aggregate);
        return aggregate;
    }

    private static ReadOnlyMemory<float>[] Memories(float[][] updates) => [.. updates.Select(update => (ReadOnlyMemory<float>)update)];

    private static float[][] Updates(ulong seed, int count, int length)
    {
        var random = new CounterRandom(seed, RandomPurpose.Test);
        float[][] updates = new float[count][];
        for (int k = 0; k < count; k++)
        {
            updates[k] = new float[length];
            random.FillGaussian(updates[k], 0.3, 1);
        }

        return updates;
    }
}
