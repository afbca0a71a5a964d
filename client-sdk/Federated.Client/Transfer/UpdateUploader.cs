using Federated.Client.Calls;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Grpc.Core;

namespace Federated.Client.Transfer;

/// <summary>Sends updates to their gateway. A stream that breaks is restarted from its beginning.</summary>
internal sealed class UpdateUploader(
    ChannelPool channels, AuthorizedCalls calls, int chunkBytes, TimeSpan stallTimeout, Action<PendingUpdate, int, long> progress)
{
    /// <exception cref="RpcException">The gateway refused the update for good.</exception>
    /// <exception cref="FederatedClientException">The gateway cannot be reached, or its address cannot be used.</exception>
    public Task<UploadReceipt> UploadAsync(PendingUpdate update, CancellationToken cancellationToken)
    {
        Uri gateway = channels.Gateway(update.Gateway);
        return calls.RunAsync(
            gateway, "UploadUpdate", stallTimeout, attempt => SendAsync(channels.InvokerFor(gateway), update, attempt), cancellationToken);
    }

    private async Task<UploadReceipt> SendAsync(CallInvoker invoker, PendingUpdate update, CallAttempt attempt)
    {
        using AsyncClientStreamingCall<UploadFrame, UploadReceipt> call = invoker.AsyncClientStreamingCall(
            UploadMethod.Client, null, new CallOptions(attempt.Headers, cancellationToken: attempt.Token));
        try
        {
            await call.RequestStream.WriteAsync(new UploadFrame(update.Header), attempt.Token).ConfigureAwait(false);
            if (update.Payload.Length >= UploadMethod.AdmissionBytes)
            {
                // The gateway says whether it takes the update before the device spends its bytes.
                await call.ResponseHeadersAsync.ConfigureAwait(false);
                attempt.Progress();
            }

            for (int sent = 0; sent < update.Payload.Length;)
            {
                int length = Math.Min(chunkBytes, update.Payload.Length - sent);
                await call.RequestStream.WriteAsync(new UploadFrame(update.Payload.Slice(sent, length)), attempt.Token).ConfigureAwait(false);
                sent += length;
                attempt.Progress();
                progress(update, length, sent);
            }

            await call.RequestStream.CompleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or IOException && !attempt.Token.IsCancellationRequested)
        {
            // A gateway that refuses answers before it has read everything: its answer says why, the broken write does not.
            return await call.ResponseAsync.ConfigureAwait(false);
        }

        return await call.ResponseAsync.ConfigureAwait(false);
    }
}
