using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Functions;

/// <summary>
/// Handles claim checks. Eager: takes the payload as soon as it is stored and hands it to the functions of its round. Lazy: leaves it where it is until
/// the round closes, unless the round's inner products grow meanwhile and there is room in the slots. A claim check that comes twice finds the update taken.
/// </summary>
internal sealed partial class LeafWorker(RoundTable rounds, UpdateStore store, ILogger<LeafWorker> logger)
{
    public async ValueTask HandleAsync(UpdateCommitted update, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (rounds.Find(update.Key) is not { } round)
        {
            return;
        }

        if (round.Retains && store.IsShort && round.Updates.TryBeginSpill(update.AssignmentId))
        {
            try
            {
                await store.SpillAsync(update, cancellationToken);
            }
            finally
            {
                round.Updates.EndSpill(update.AssignmentId);
            }
        }

        else if (round.Grows)
        {
            Take(round, update);
        }

        if (!round.Retains)
        {
            Take(round, update);
        }
    }

    /// <summary>Hands an update to its round unless it has had it.</summary>
    public void Take(NodeRound round, UpdateCommitted update)
    {
        if (!round.Updates.TryBeginSum(update.AssignmentId))
        {
            return;
        }

        if (store.TryTake(update) is { } payload)
        {
            round.Accept(new LeafInput(update, payload, round.Plan.FormOf(update.Role)));
        }
        else
        {
            round.Updates.DropSum(update.AssignmentId);
            LogLost(update.AssignmentId, update.Key);
        }
    }

    [LoggerMessage(1401, LogLevel.Error, "Update {AssignmentId} of round {Round} is stored but cannot be read", EventName = "UpdateLost")]
    private partial void LogLost(string assignmentId, RoundKey round);
}
