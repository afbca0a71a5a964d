using Federated.Aggregation.Robust.Catalog;
using Federated.Coordination.Rounds;
using Federated.Protocol.Jobs;
using Federated.Protocol.Rounds;

namespace Federated.Coordination.Algorithms;

/// <summary>The aggregation rules that jobs ask for, and what they demand of the rounds. Shared with the simulator.</summary>
public static class AggregationRules
{
    /// <summary>Whether a job averages: a running sum is enough, and no update is retained.</summary>
    /// <param name="job">A definition.</param>
    public static bool IsMean(JobDefinition job) => job.Aggregation.Rule == "mean";

    /// <summary>The rule of a job.</summary>
    /// <param name="job">A valid definition.</param>
    public static RobustRule Of(JobDefinition job) => RuleCatalog.Create(job.Aggregation.Rule, job.Aggregation.Byzantine);

    /// <summary>The rule of a job over more vectors than a round has updates: f grows with them, rounded down, so what the rule needs of n and f holds as it does for the goal.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="vectors">What the rule compares.</param>
    public static RobustRule Of(JobDefinition job, int vectors)
    {
        int f = job.Aggregation.Byzantine;
        return RuleCatalog.Create(job.Aggregation.Rule, Math.Max(f, (int)((long)f * vectors / RoundTerms.ForTraining(job).Goal)));
    }

    /// <summary>What is wrong with the rule that a definition names, or with the numbers of updates that its rounds may have.</summary>
    /// <param name="job">A definition that is valid otherwise.</param>
    public static IReadOnlyList<JobDefinitionError> Validate(JobDefinition job)
    {
        if (IsMean(job))
        {
            return job.Aggregation.Byzantine == 0 ? [] : [new JobDefinitionError(
                "aggregation.byzantine", $"{job.Aggregation.Byzantine} is not allowed; one arbitrary update moves the mean anywhere, so it must be 0 or the rule another.")];
        }

        if (RuleCatalog.TryCreate(job.Aggregation.Rule, job.Aggregation.Byzantine, out RobustRule? rule) is { } fault)
        {
            return [new JobDefinitionError("aggregation.rule", fault)];
        }

        if (job.Aggregation.Exchange == ExchangeModes.Sketch && rule!.Reduces)
        {
            return [new JobDefinitionError(
                "aggregation.exchange",
                $"the rule '{job.Aggregation.Rule}' reduces each coordinate over all updates, which sketches do not show; use 'exact', or a rule that ends in a weighted sum.")];
        }

        RoundTerms terms = RoundTerms.ForTraining(job);
        return new[] { terms.Goal, terms.Target }
            .Select(rule!.Fault)
            .OfType<string>()
            .Distinct()
            .Select(wrong => new JobDefinitionError("round.cohortSize", wrong))
            .ToList();
    }

    /// <summary>The smallest number of updates, up to a round's goal, that the rule of a job can aggregate.</summary>
    /// <param name="job">A definition.</param>
    /// <param name="goal">Updates that close a round at once.</param>
    public static int MinimumUpdates(JobDefinition job, int goal)
    {
        if (IsMean(job) || RuleCatalog.TryCreate(job.Aggregation.Rule, job.Aggregation.Byzantine, out RobustRule? rule) is not null)
        {
            return 1;
        }

        int least = goal;
        while (least > 1 && rule!.Fault(least - 1) is null)
        {
            least--;
        }

        return least;
    }
}
