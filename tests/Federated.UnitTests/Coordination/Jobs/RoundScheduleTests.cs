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
}
