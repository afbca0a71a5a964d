using Federated.Client.Transfer;
using Federated.Protocol.V1;

namespace Federated.Client.Sessions;

/// <summary>
/// An upload that does not insist on a gateway that is gone: when it takes long, the coordinator is asked what became of the update,
/// and may name another gateway, or tell that the round has ended.
/// </summary>
internal sealed class MovingUpload(UpdateUploader uploader, CoordinatorCalls coordinator, TimeSpan retryDelay, TimeProvider timeProvider)
{
    private static readonly TimeSpan NewsWait = TimeSpan.FromSeconds(60);

    /// <returns>Null when the update is stored; what the coordinator decided when it needs no upload any more.</returns>
    public async Task<UpdateDisposition?> RunAsync(PendingUpdate update, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (update.Gateway.Length == 0)
            {
                // The gateway is the coordinator: it cannot tell of its own loss.
                await uploader.UploadAsync(update, cancellationToken).ConfigureAwait(false);
                return null;
            }

            using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            Task<UpdateDisposition?> news = WatchAsync(update, ended);
            try
            {
                await uploader.UploadAsync(update, ended.Token).ConfigureAwait(false);
                return null;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                if (await news.ConfigureAwait(false) is { Kind: not DispositionKind.Resend } decided)
                {
                    return decided;
                }
            }
            finally
            {
                await ended.CancelAsync().ConfigureAwait(false);
                await news.ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ends the upload when there is news that makes it pointless; null when there was none.</summary>
    private async Task<UpdateDisposition?> WatchAsync(PendingUpdate update, CancellationTokenSource upload)
    {
        try
        {
            while (true)
            {
                await Task.Delay(4 * retryDelay, timeProvider, upload.Token).ConfigureAwait(false);
                DispositionReply reply = await coordinator.DispositionAsync([update.AssignmentId], NewsWait, upload.Token).ConfigureAwait(false);
                UpdateDisposition? news = reply.Dispositions.FirstOrDefault(disposition => disposition.AssignmentId == update.AssignmentId);
                if (news is { Kind: DispositionKind.Counted or DispositionKind.Discarded } || (news is { Kind: DispositionKind.Resend } && update.MoveTo(news.Gateway)))
                {
                    await upload.CancelAsync().ConfigureAwait(false);
                    return news;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or FederatedClientException)
        {
            // The upload has ended, or the coordinator does not answer: the upload goes on as it was.
            return null;
        }
    }
}
