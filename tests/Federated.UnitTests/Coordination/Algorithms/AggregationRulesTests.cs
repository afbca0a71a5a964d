using Federated.Coordination.Algorithms;
using Federated.Coordination.Rounds;
using Federated.Protocol.Jobs;

namespace Federated.UnitTests.Coordination.Algorithms;

public sealed class AggregationRulesTests
{
    [Theory]
    [InlineData("mean", 0)]
    [InlineData("krum", 4)]
    [InlineData("nnm+trimmed-mean", 4)]
    [InlineData("bucketing:size=2+centred-clipping:radius=10,iterations=3", 1)]
    public void Validate_RuleThatFits_HasNoError(string rule, int byzantine) => Assert.Empty(AggregationRules.Validate(Job(rule, byzantine)));

    [Theory]
    [InlineData("crum", 0, "aggregation.rule", "'crum'")]
    [InlineData("nnm", 1, "aggregation.rule", "a rule must follow")]
    [InlineData("centred-clipping:radius=-1", 1, "aggregation.rule", "radius is -1")]
    [InlineData("krum:radius=1", 1, "aggregation.rule", "no setting 'radius'")]
    [InlineData("mean", 2, "aggregation.byzantine", "one arbitrary update moves the mean")]
    [InlineData("krum", 5, "round.cohortSize", "at least 11 updates")]
    [InlineData("bulyan", 2, "round.cohortSize", "at least 11 updates")]
    public void Validate_RuleThatDoesNotFit_NamesTheNumber(string rule, int byzantine, string path, string expected)
    {
        JobDefinitionError error = Assert.Single(AggregationRules.Validate(Job(rule, byzantine)));

        Assert.Equal(path, error.Path);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mean", 0, 1)]
    [InlineData("geometric-median", 0, 1)]
    [InlineData("krum", 3, 7)]
    [InlineData("nnm+median", 4, 9)]
    public void ForTraining_RuleNeedsUpdates_RaisesTheMinimum(string rule, int byzantine, int minimum) =>
        Assert.Equal(minimum, RoundTerms.ForTraining(Job(rule, byzantine)).Minimum);

    [Fact]
    public void ForTraining_UpdatesAreSums_NeedsNoNumberOfThem() =>
        Assert.Equal((2, 1), RoundTerms.ForTraining(Job("krum", 3), cohort: 2, takesSums: true) is var terms ? (terms.Goal, terms.Minimum) : default);

    private static JobDefinition Job(string rule, int byzantine) => new()
    {
        Aggregation = new AggregationSettings { Rule = rule, Byzantine = byzantine },
        Round = new RoundSettings { CohortSize = 10 },
    };
}
