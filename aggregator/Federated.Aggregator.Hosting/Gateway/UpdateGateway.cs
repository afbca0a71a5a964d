using Federated.Aggregator.Ingest;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Federated.Aggregator.Hosting.Gateway;

/// <summary>The gRPC edge of the node: one call is one upload. What goes wrong is told here, once, as status and trailers.</summary>
[Authorize(DevicePolicy.Name)]
internal sealed class UpdateGateway(AggregatorNode node, IOptions<AggregatorNodeOptions> options, TimeProvider time)
{
    public async Task<UploadReceipt> UploadUpdate(IAsyncStreamReader<IncomingFrame> frames, ServerCallContext context)
    {
        UpdateIngest ingest = Ingest();

        // 1. The header, before anything is reserved.
        using var stall = new StallGuard(context.GetHttpContext(), options.Value.UploadStallTimeout, time);
        if (await NextAsync(frames, stall, context) is not { Header: { } header })
        {
            var malformed = new UploadResult(UploadOutcome.Malformed, "The first message of an upload must be its header.");
            ingest.ReportMalformed(malformed);
            throw UploadStatuses.Refusal(malformed);
        }

        // 2. All checks that need no payload, and a slot.
        UploadAdmission admission = ingest.Begin(header, DevicePolicy.CallerOf(context.GetHttpContext().User));
        if (admission.Session is null)
        {
            return Answer(admission.Result);
        }

        // 3. The payload goes into the slot while it is deserialised.
        using UploadSession session = admission.Session;
        IncomingFrames.Session.Value = session;
        UploadResult result;
        try
        {
            if (session.Length >= UploadMethod.AdmissionBytes)
            {
                await context.WriteResponseHeadersAsync([]);
            }

            result = await ReceiveAsync(frames, session, stall, context) ?? await session.CompleteAsync();
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or RpcException)
        {
            result = new UploadResult(
                UploadOutcome.Interrupted, $"The stream broke after {session.Received} of {session.Length} bytes; send the update again from its beginning.");
        }

        // 4. One answer.
        if (!result.IsAccepted)
        {
            ingest.ReportFailure(session, result);
        }

        return Answer(result);
    }

    private static async Task<UploadResult?> ReceiveAsync(
        IAsyncStreamReader<IncomingFrame> frames, UploadSession session, StallGuard stall, ServerCallContext context)
    {
        while (await NextAsync(frames, stall, context) is { } frame)
        {
            if (frame != IncomingFrame.Data)
            {
                return new UploadResult(
                    UploadOutcome.Malformed, $"After the header every message must be payload; this one, after {session.Received} bytes, is not.");
            }

            if (session.Failure is not null)
            {
                break;
            }
        }

        return null;
    }

    private static async ValueTask<IncomingFrame?> NextAsync(
        IAsyncStreamReader<IncomingFrame> frames, StallGuard stall, ServerCallContext context)
    {
        bool hasNext = await frames.MoveNext(context.CancellationToken);
        stall.Progress();
        return hasNext ? frames.Current : null;
    }

    private static UploadReceipt Answer(UploadResult result) => result.Outcome switch
    {
        UploadOutcome.Stored => new UploadReceipt { Status = UploadStatus.Stored },
        UploadOutcome.AlreadyStored => new UploadReceipt { Status = UploadStatus.AlreadyStored },
        _ => throw UploadStatuses.Refusal(result),
    };

    private UpdateIngest Ingest()
    {
        try
        {
            return node.Ingest;
        }
        catch (InvalidOperationException)
        {
            throw UploadStatuses.Refusal(new UploadResult(UploadOutcome.Unavailable, "The node is not running; send the update again later."));
        }
    }
}
