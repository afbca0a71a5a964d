using Federated.Protocol.Jobs;

namespace Federated.Coordination.Jobs;

/// <summary>The order of training rounds and evaluations. Shared with the simulator.</summary>
public static class RoundSchedule
{
    /// <summary>What comes next.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="trainingRounds">Training rounds behind the current version.</param>
    /// <param name="examined">Whether the current version has been evaluated, or an evaluation of it was abandoned.</param>
    public static NextRound After(JobDefinition job, int trainingRounds, bool examined)
    {
        bool last = trainingRounds >= job.Rounds;
        int every = job.Evaluation.EveryRounds;
        if (every > 0 && !examined && trainingRounds > 0 && (last || trainingRounds % every == 0))
        {
            return NextRound.Evaluate;
        }

        return last ? NextRound.None : NextRound.Train;
    }
}
