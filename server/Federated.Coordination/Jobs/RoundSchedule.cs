using Federated.Protocol.Jobs;

namespace Federated.Coordination.Jobs;

/// <summary>The order of training rounds, evaluations and statistics. Shared with the simulator.</summary>
public static class RoundSchedule
{
    /// <summary>What comes next.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="trainingRounds">Training rounds behind the current version.</param>
    /// <param name="examined">Whether the current version has been evaluated, or an evaluation of it was abandoned.</param>
    /// <param name="described">Whether the statistics due at the current version have been taken, or given up.</param>
    public static NextRound After(JobDefinition job, int trainingRounds, bool examined, bool described = false)
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

        return !described && WantsStatistics(job.Statistics, trainingRounds) ? NextRound.Statistics : NextRound.Train;
    }

    private static bool WantsStatistics(StatisticsSettings statistics, int trainingRounds) =>
        statistics.Kinds.Count > 0
        && (trainingRounds == 0 || (statistics.EveryRounds > 0 && trainingRounds % statistics.EveryRounds == 0));
}
