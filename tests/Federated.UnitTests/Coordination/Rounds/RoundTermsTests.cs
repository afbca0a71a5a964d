using Federated.Coordination.Rounds;
using Federated.Protocol.Jobs;

namespace Federated.UnitTests.Coordination.Rounds;

public sealed class RoundTermsTests
{
    [Theory]
    [InlineData(10, 1.0, 0, 10, 10)]
    [InlineData(10, 1.25, 0, 13, 10)]
    [InlineData(10, 1.3, 12, 13, 12)]
    [InlineData(1, 1.0, 1, 1, 1)]
    public void ForTraining_AnyDefinition_SelectsMoreThanItNeeds(int cohort, double factor, int goal, int target, int wanted)
    {
        var job = new JobDefinition { Round = new() { CohortSize = cohort, OverSelection = factor, ReportGoal = goal } };

        RoundTerms terms = RoundTerms.ForTraining(job);

        Assert.Equal((target, wanted, 1), (terms.Target, terms.Goal, terms.Minimum));
    }

    [Fact]
    public void ForEvaluation_WithoutACohort_AsksThatOfTraining()
    {
        RoundTerms terms = RoundTerms.ForEvaluation(new JobDefinition { Round = new() { CohortSize = 7, MinimumToClose = 5 } });

        Assert.Equal((7, 7, 1), (terms.Target, terms.Goal, terms.Minimum));
        Assert.Equal(TimeSpan.FromSeconds(120), terms.ReportingTime);
    }
}
