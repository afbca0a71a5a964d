using Federated.Coordination.Jobs;
using Federated.Protocol.Jobs;

namespace Federated.UnitTests.Coordination.Jobs;

public sealed class RoundScheduleTests
{
    [Fact]
    public void After_EveryThirdRound_EvaluatesThereAndAtTheEnd()
    {
        var job = new JobDefinition { Rounds = 7, Evaluation = new() { EveryRounds = 3 } };
        var order = new List<string>();
        int trained = 0;
        bool examined = false;

        for (NextRound next; (next = RoundSchedule.After(job, trained, examined)) != NextRound.None;)
        {
            if (next == NextRound.Train)
            {
                order.Add($"t{++trained}");
                examined = false;
            }
            else
            {
                order.Add($"e{trained}");
                examined = true;
            }
        }

        Assert.Equal(["t1", "t2", "t3", "e3", "t4", "t5", "t6", "e6", "t7", "e7"], order);
    }

    [Fact]
    public void After_WithoutEvaluation_TrainsAndEnds()
    {
        var job = new JobDefinition { Rounds = 2 };

        Assert.Equal(NextRound.Train, RoundSchedule.After(job, 1, false));
        Assert.Equal(NextRound.None, RoundSchedule.After(job, 2, false));
    }

    [Fact]
    public void After_StatisticsOnce_TakesThemBeforeTheFirstRoundOnly()
    {
        var job = new JobDefinition { Rounds = 3, Statistics = new() { Kinds = ["labels"] } };

        Assert.Equal(NextRound.Statistics, RoundSchedule.After(job, 0, examined: false, described: false));
        Assert.Equal(NextRound.Train, RoundSchedule.After(job, 0, examined: false, described: true));
        Assert.Equal(NextRound.Train, RoundSchedule.After(job, 1, examined: false, described: false));
    }

    [Fact]
    public void After_StatisticsEverySecondRound_FollowsTheEvaluationAndNeverTheLastRound()
    {
        var job = new JobDefinition
        {
            Rounds = 4,
            Evaluation = new() { EveryRounds = 2 },
            Statistics = new() { Kinds = ["labels"], EveryRounds = 2 },
        };

        Assert.Equal(NextRound.Evaluate, RoundSchedule.After(job, 2, examined: false, described: false));
        Assert.Equal(NextRound.Statistics, RoundSchedule.After(job, 2, examined: true, described: false));
        Assert.Equal(NextRound.Train, RoundSchedule.After(job, 2, examined: true, described: true));
        Assert.Equal(NextRound.None, RoundSchedule.After(job, 4, examined: true, described: false));
    }

    [Theory]
    [InlineData(1, true)]
    [InlineData(2, true)]
    [InlineData(RoundSchedule.StatisticsTries, false)]
    public void After_StatisticsAbandonedSoOften_TakesThemAtTheNextVersion(int failed, bool again)
    {
        var job = new JobDefinition { Rounds = 9, Statistics = new() { Kinds = ["labels"] } };

        Assert.Equal(NextRound.Train, RoundSchedule.After(job, 4, examined: false, described: true, failed));
        Assert.Equal(again ? NextRound.Statistics : NextRound.Train, RoundSchedule.After(job, 5, examined: false, described: false, failed));
    }

    [Fact]
    public void After_StatisticsAbandonedTooOften_TakesThemAtTheirNextTime()
    {
        var job = new JobDefinition { Rounds = 9, Statistics = new() { Kinds = ["labels"], EveryRounds = 4 } };

        Assert.Equal(NextRound.Statistics, RoundSchedule.After(job, 4, examined: false, described: false, RoundSchedule.StatisticsTries));
    }
}
