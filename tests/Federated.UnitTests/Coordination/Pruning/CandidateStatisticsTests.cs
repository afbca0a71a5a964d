using Federated.Coordination.Pruning;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Statistics;

namespace Federated.UnitTests.Coordination.Pruning;

public sealed class CandidateStatisticsTests
{
    private static readonly ModelSchema Schema = new(
    [
        new("a.weight", [1]),
        new("a.running_mean", [1], TensorPart.Statistic),
        new("a.running_var", [1], TensorPart.Statistic),
        new("b.running_mean", [2], TensorPart.Statistic),
        new("b.running_var", [2], TensorPart.Statistic),
    ]);

    [Fact]
    public void Pool_TwoClients_HasTheMeanAndVarianceOfAllValues()
    {
        double[] total = new double[9];
        foreach (double[] values in (double[][])[[1, 3], [5, 5, 5, 5, 5, 11]])
        {
            double[] sums = Sums(values, [values[0]], []);
            for (int i = 0; i < 9; i++)
            {
                total[i] += sums[i];
            }
        }

        float[] statistics = [0, 1, 7, 8, 9, 10];
        CandidateStatistics.Pool(Schema, new MomentSums(total), statistics);

        // μ = 40/8 and v = 56/8; the plain mean of the two variances would be 4 - and a channel without values keeps what it had.
        Assert.Equal([5, 7, 3, 8, 4, 10], statistics);
    }

    [Theory]
    [InlineData(1e300, 1)]
    [InlineData(1e30, 1e80)]
    public void Pool_SumsBeyondFloats_KeepTheStatistics(double sum, double squares)
    {
        float[] statistics = [0, 1, 7, 8, 9, 10];

        CandidateStatistics.Pool(Schema, new MomentSums([2, 2, 0, sum, 4, 0, squares, 10, 0]), statistics);

        Assert.Equal([0, 1, 2, 8, 1, 10], statistics);
    }

    [Fact]
    public void CanPool_FewerThanTwoValuesOrNotFinite_IsFalse()
    {
        Assert.True(CandidateSums.CanPool(new MomentSums(Sums([1, 3], [2, 2], [0, 1]))));
        Assert.False(CandidateSums.CanPool(new MomentSums(Sums([1, 3], [2, 2], [0]))));
        Assert.False(CandidateSums.CanPool(new MomentSums(Sums([1, 3], [2, double.NaN], [0, 1]))));
        Assert.False(CandidateSums.CanPool(new MomentSums(Sums([1, double.PositiveInfinity], [2, 2], [0, 1]))));
    }

    private static double[] Sums(params double[][] columns) =>
        [.. columns.Select(values => (double)values.Length), .. columns.Select(values => values.Sum()), .. columns.Select(values => values.Sum(value => value * value))];
}
