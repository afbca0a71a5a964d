using Federated.Coordination.Algorithms;
using Federated.Protocol.Jobs;

namespace Federated.Coordination.Rounds;

/// <summary>How a round is filled and when it ends.</summary>
/// <param name="Target">Devices to select: the cohort with over-selection.</param>
/// <param name="Goal">Stored updates that close the round at once.</param>
/// <param name="Minimum">Stored updates below which the deadline abandons the round: what the job says, or what its aggregation rule needs.</param>
/// <param name="SelectionTime">Time to wait for the target before the round starts with those present.</param>
/// <param name="ReportingTime">Time from the assignments to the deadline.</param>
public sealed record RoundTerms(int Target, int Goal, int Minimum, TimeSpan SelectionTime, TimeSpan ReportingTime)
{
    /// <summary>What the terms of a buffer add; null for a round whose devices are selected together.</summary>
    public BufferTerms? Buffer { get; init; }

    /// <summary>The terms of a buffer of an asynchronous job: the cohort is the number of devices that work at a time, the deadline the time that each of them has.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="goal">Updates that make a version.</param>
    /// <param name="minimum">Updates that are enough after the flush time.</param>
    /// <param name="buffer">The rest.</param>
    public static RoundTerms ForBuffer(JobDefinition job, int goal, int minimum, BufferTerms buffer) =>
        new(
            Math.Max(1, (int)Math.Ceiling(job.Round.CohortSize * job.Round.OverSelection)),
            goal,
            Math.Min(minimum, goal),
            TimeSpan.Zero,
            TimeSpan.FromSeconds(job.Round.DeadlineSeconds))
        {
            Buffer = buffer,
        };

    /// <summary>The terms of a training round.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="cohort">Updates that the round is made for; 0 for the job's cohort size.</param>
    /// <param name="takesSums">Whether updates are added up whatever the job's rule, which then needs no number of them.</param>
    public static RoundTerms ForTraining(JobDefinition job, int cohort = 0, bool takesSums = false)
    {
        RoundSettings round = cohort > 0 ? job.Round with { CohortSize = cohort, ReportGoal = 0 } : job.Round;
        int target = Math.Max(1, (int)Math.Ceiling(round.CohortSize * round.OverSelection));
        int goal = round.ReportGoal > 0 ? Math.Min(round.ReportGoal, target) : round.CohortSize;
        return new RoundTerms(
            target,
            goal,
            Math.Max(Math.Min(round.MinimumToClose, goal), takesSums ? 1 : AggregationRules.MinimumUpdates(job, goal)),
            TimeSpan.FromSeconds(round.SelectionSeconds),
            TimeSpan.FromSeconds(round.DeadlineSeconds));
    }

    /// <summary>The terms of an evaluation: one report is enough at the deadline, because a figure over few devices is still a figure.</summary>
    /// <param name="job">A valid definition.</param>
    public static RoundTerms ForEvaluation(JobDefinition job) =>
        ForFigures(job, job.Evaluation.CohortSize, job.Evaluation.DeadlineSeconds);

    /// <summary>The terms of statistics: as for an evaluation.</summary>
    /// <param name="job">A valid definition.</param>
    public static RoundTerms ForStatistics(JobDefinition job) =>
        ForFigures(job, job.Statistics.CohortSize, job.Statistics.DeadlineSeconds);

    private static RoundTerms ForFigures(JobDefinition job, int wanted, double deadlineSeconds)
    {
        int cohort = wanted > 0 ? wanted : job.Round.CohortSize;
        return new RoundTerms(
            cohort, cohort, 1, TimeSpan.FromSeconds(job.Round.SelectionSeconds), TimeSpan.FromSeconds(deadlineSeconds));
    }
}
