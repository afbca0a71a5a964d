using Federated.Coordination.Pruning;

namespace Federated.UnitTests.Coordination.Pruning;

public sealed class PruningScheduleTests
{
    private static readonly PruningSchedule Schedule = new(0.3, 10, 100, 5);

    [Theory]
    [InlineData(0, 0.3000)]
    [InlineData(10, 0.2927)]
    [InlineData(20, 0.2714)]
    [InlineData(50, 0.1500)]
    [InlineData(80, 0.0286)]
    [InlineData(90, 0.00734)]
    [InlineData(100, 0)]
    [InlineData(101, 0)]
    public void Fraction_OfTheTable_IsTheCosine(int round, double expected) => Assert.Equal(expected, Schedule.Fraction(round), 0.00006);

    [Fact]
    public void BlockOf_AdjustmentAfterAdjustment_GoesFromOutputToInput()
    {
        int[] rounds = [.. Enumerable.Range(0, 200).Where(Schedule.IsAdjustment)];

        Assert.Equal([10, 20, 30, 40, 50, 60, 70, 80, 90, 100], rounds);
        Assert.Equal([4, 3, 2, 1, 0, 4, 3, 2, 1, 0], rounds.Select(Schedule.BlockOf));
    }

    [Theory]
    [InlineData(21)]
    [InlineData(5)]
    [InlineData(3)]
    public void LayersOf_AllBlocks_HaveEveryLayerOnce(int layers) =>
        Assert.Equal(Enumerable.Range(0, layers), Enumerable.Range(0, 5).SelectMany(block => Schedule.LayersOf(block, layers)));

    [Theory]
    [InlineData(10, 1000, 1, 100_000, 292)]
    [InlineData(10, 1000, 900, 100_000, 100)]
    [InlineData(10, 1000, 1, 1050, 50)]
    [InlineData(10, 1000, 1, 1000, 0)]
    [InlineData(100, 1000, 1, 100_000, 0)]
    [InlineData(10, 2, 2, 100, 0)]
    public void Moved_AtTheBorders_IsClamped(int round, int active, int fewest, int size, int expected) =>
        Assert.Equal(expected, Schedule.Moved(round, active, fewest, size));
}
