using Federated.Protocol.Jobs;

namespace Federated.Coordination.Jobs;

/// <summary>The order of training rounds, evaluations and statistics. Shared with the simulator.</summary>
public static class RoundSchedule
{
    /// <summary>
    /// How often statistics are tried in a row: when they were abandoned, those who wait for them train a round and are asked again at the version that
    /// it makes. After so many failures the next regular time is the next try.
    /// </summary>
    public const int StatisticsTries = 3;

    /// <summary>What comes next.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="trainingRounds">Training rounds behind the current version.</param>
    /// <param name="examined">Whether the current version has been evaluated, or an evaluation of it was abandoned.</param>
    /// <param name="described">Whether the statistics due at the current version have been taken, or given up.</param>
    /// <param name="failedStatistics">Rounds of statistics abandoned since the last one that closed.</param>
    public static NextRound After(JobDefinition job, int trainingRounds, bool examined, bool described = false, int failedStatistics = 0)
    {
        bool last = trainingRounds >= job.Rounds;
        int every = job.Evaluation.EveryRounds;
        if (every > 0 && !examined && trainingRounds > 0 && (last || trainingRounds % every == 0))
        {
            return NextRound.Evaluate;
        }

        if (last)
        {
            return NextRound.None;
        }

        return !described && WantsStatistics(job.Statistics, trainingRounds, failedStatistics) ? NextRound.Statistics : NextRound.Train;
    }

    private static bool WantsStatistics(StatisticsSettings statistics, int trainingRounds, int failed) =>
        statistics.Kinds.Count > 0
        && (failed is > 0 and < StatisticsTries || trainingRounds == 0 || (statistics.EveryRounds > 0 && trainingRounds % statistics.EveryRounds == 0));
}
