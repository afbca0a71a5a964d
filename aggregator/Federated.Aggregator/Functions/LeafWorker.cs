using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Functions;

/// <summary>
/// Handles claim checks eagerly: takes the payload as soon as it is stored, adds it to the leaf of its round, frees the slot. A
/// claim check that comes twice finds the update taken.
/// </summary>
internal sealed partial class LeafWorker(
    RoundTable rounds, UpdateStore store, AggregatorMetrics metrics, TimeProvider time, ILogger<LeafWorker> logger)
{
    public ValueTask HandleAsync(UpdateCommitted update, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (rounds.Find(update.Key) is not { } round || !round.TryBeginSum(update.AssignmentId))
        {
            return ValueTask.CompletedTask;
        }

        if (store.TryTake(update) is not { } payload)
        {
            round.DropSum(update.AssignmentId);
            LogLost(update.AssignmentId, update.Key);
        }
        else if (round.Waiting.Offer(new LeafInput(update, payload)))
        {
            for (LeafInput[] batch = round.Waiting.Take(); batch.Length > 0; batch = round.Waiting.Take())
            {
                Sum(round, batch);
            }
        }

        return ValueTask.CompletedTask;
    }

    private void Sum(NodeRound round, LeafInput[] batch)
    {
        Exception? fault = null;
        try
        {
            if (!round.IsEnded)
            {
                long started = time.GetTimestamp();
                round.Leaf.Accumulate([.. batch.Select(input =>
                    new RetainedUpdate(input.Payload.Memory, input.Update.Weight, round.Plan.FormOf(input.Update.Role)))]);
                metrics.UpdatesSummed(batch.Length, time.GetElapsedTime(started));
            }
        }
        catch (Exception exception)
        {
            // The sums may be half-way: nothing of the round is to be trusted any more.
            fault = exception;
            LogFailed(exception, batch.Length, round.Plan.Key);
        }

        foreach (LeafInput input in batch)
        {
            input.Payload.Release();
            store.SlotFreed();
            round.EndSum(input.Update.AssignmentId, fault);
        }
    }

    [LoggerMessage(1401, LogLevel.Error, "Update {AssignmentId} of round {Round} is stored but cannot be read", EventName = "UpdateLost")]
    private partial void LogLost(string assignmentId, RoundKey round);

    [LoggerMessage(1402, LogLevel.Critical, "Summing {Count} updates of round {Round} failed; the round cannot be closed", EventName = "SumFailed")]
    private partial void LogFailed(Exception exception, int count, RoundKey round);
}
