using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Functions;

/// <summary>
/// Handles claim checks eagerly: takes the payload as soon as it is stored, adds it to a leaf of its round, frees the slot. A
/// claim check that comes twice finds the update taken.
/// </summary>
internal sealed partial class LeafWorker(
    RoundTable rounds, UpdateStore store, AggregatorMetrics metrics, TimeProvider time, ILogger<LeafWorker> logger)
{
    public ValueTask HandleAsync(UpdateCommitted update, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        NodeRound? round = rounds.Find(update.Key);
        if (round is not null && round.TryBeginSum(update.AssignmentId))
        {
            Sum(round, update);
        }

        return ValueTask.CompletedTask;
    }

    private void Sum(NodeRound round, UpdateCommitted update)
    {
        using StoredPayload? payload = store.TryTake(update);
        if (payload is null)
        {
            round.DropSum(update.AssignmentId);
            LogLost(update.AssignmentId, update.Key);
            return;
        }

        AggregationFunction leaf = round.RentLeaf();
        try
        {
            if (!round.IsEnded)
            {
                long started = time.GetTimestamp();
                leaf.Accumulate(payload.Bytes, update.Weight);
                metrics.UpdateSummed(time.GetElapsedTime(started));
            }
        }
        catch (Exception exception)
        {
            LogFailed(exception, update.AssignmentId, update.Key);
            payload.Release();
            round.FailSum(update.AssignmentId, exception);
            return;
        }

        round.ReturnLeaf(leaf);
        payload.Release();
        store.SlotFreed();
        round.EndSum(update.AssignmentId);
    }

    [LoggerMessage(1401, LogLevel.Error, "Update {AssignmentId} of round {Round} is stored but cannot be read", EventName = "UpdateLost")]
    private partial void LogLost(string assignmentId, RoundKey round);

    [LoggerMessage(1402, LogLevel.Critical, "Summing update {AssignmentId} of round {Round} failed; the round cannot be closed", EventName = "SumFailed")]
    private partial void LogFailed(Exception exception, string assignmentId, RoundKey round);
}
