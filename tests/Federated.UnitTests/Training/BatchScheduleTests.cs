using Federated.Client.Training;

namespace Federated.UnitTests.Training;

public class BatchScheduleTests
{
    private static readonly TrainingKey Key = new(Seed: 5, Client: 1, Round: 9);

    [Fact]
    public void Next_OverSeveralPasses_EveryPassIsAPermutation()
    {
        var schedule = new BatchSchedule();
        schedule.Start(Key, examples: 23, batchSize: 5);

        int[][] passes = [.. Enumerable.Range(0, 3).Select(_ => Pass(schedule, batches: 5))];

        Assert.All(passes, pass => Assert.Equal(Enumerable.Range(0, 23), pass.Order()));
        Assert.NotEqual(passes[0], passes[1]);
        Assert.NotEqual(passes[1], passes[2]);
    }

    [Fact]
    public void Next_LastBatchOfAPass_IsSmaller()
    {
        var schedule = new BatchSchedule();
        schedule.Start(Key, examples: 7, batchSize: 3);

        int[] lengths = [.. Enumerable.Range(0, 4).Select(_ => schedule.Next().Length)];

        Assert.Equal([3, 3, 1, 3], lengths);
    }

    [Fact]
    public void Next_SameKeyAfterAnotherClient_RepeatsTheOrder()
    {
        var schedule = new BatchSchedule();
        schedule.Start(Key, 50, 10);
        int[] first = Pass(schedule, 5);
        schedule.Start(Key with { Client = 2 }, 50, 10);
        int[] other = Pass(schedule, 5);
        schedule.Start(Key, 50, 10);

        Assert.Equal(first, Pass(schedule, 5));
        Assert.NotEqual(first, other);
    }

    [Fact]
    public void Next_BatchOfAll_KeepsTheOrderOfTheExamples()
    {
        var schedule = new BatchSchedule();
        schedule.Start(Key, 6, 0);

        Assert.Equal([0, 1, 2, 3, 4, 5], schedule.Next().ToArray());
    }

    private static int[] Pass(BatchSchedule schedule, int batches) =>
        [.. Enumerable.Range(0, batches).SelectMany(_ => schedule.Next().ToArray())];
}
