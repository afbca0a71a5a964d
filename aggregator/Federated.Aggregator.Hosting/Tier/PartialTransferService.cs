using Federated.Aggregator.Hosting.Gateway;
using Federated.Aggregator.Tree;
using Federated.Protocol.V1;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Federated.Aggregator.Hosting.Tier;

/// <summary>The gRPC edge between nodes, and from a top to the server. The tier's key opens it, a device's token does not.</summary>
[AllowAnonymous]
internal sealed class PartialTransferService(
    TreeMember member, TierKey key, IOptions<AggregatorNodeOptions> options, TimeProvider time)
{
    public async Task<TransferReceipt> SendPartial(IAsyncStreamReader<TransferFrame> frames, ServerCallContext context)
    {
        // 1. Who calls, and what it wants to hand over.
        Authenticate(TransferMethods.SendName, context);
        using var stall = new StallGuard(context.GetHttpContext(), options.Value.UploadStallTimeout, time);
        if (await NextAsync(frames, stall, context) is not { Header: { Round: not null } header })
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, "The first message of a transfer must be its header."));
        }

        PartialAdmission admission = member.Transfers.Receive(header);
        if (admission.Intake is null)
        {
            return Answer(admission.Result);
        }

        // 2. Claims and data; the data goes into the sums while it is deserialised.
        using TransferIntake intake = admission.Intake;
        TransferMethods.Intake.Value = intake;
        await context.WriteResponseHeadersAsync([]);
        while (await NextAsync(frames, stall, context) is { } frame)
        {
            if (frame.Claims is { } claims)
            {
                intake.Append(claims);
            }
            else if (frame != TransferFrame.Data)
            {
                throw new RpcException(new Status(StatusCode.InvalidArgument, "After the header every message must be claims or data."));
            }
        }

        // 3. Checks and the merge.
        return Answer(await intake.CompleteAsync());
    }

    public async Task FetchAggregate(FetchRequest request, IServerStreamWriter<TransferFrame> frames, ServerCallContext context)
    {
        Authenticate(TransferMethods.AggregateName, context);
        if (member.Transfers.FindAggregate(request) is not { } aggregate)
        {
            throw new RpcException(new Status(StatusCode.NotFound, "The aggregate of the round is not ready at this node."));
        }

        await WriteWholeAsync(aggregate, frames, context.CancellationToken);
    }

    public async Task FetchKept(FetchRequest request, IServerStreamWriter<TransferFrame> frames, ServerCallContext context)
    {
        Authenticate(TransferMethods.KeptName, context);
        if (!await member.Transfers.ReadKeptAsync(request, (kept, cancellationToken) => WriteWholeAsync(kept, frames, cancellationToken), context.CancellationToken))
        {
            throw new RpcException(new Status(StatusCode.NotFound, "The round is not closed at this node, or hands no updates over."));
        }
    }

    public async Task FetchVerdict(FetchRequest request, IServerStreamWriter<TransferFrame> frames, ServerCallContext context)
    {
        Authenticate(TransferMethods.VerdictName, context);
        if (member.Transfers.FindVerdict(request) is not { } verdict)
        {
            throw new RpcException(new Status(StatusCode.NotFound, "The round is not judged at this node."));
        }

        await WriteAsync(verdict, frames, context.CancellationToken);
    }

    public async Task FetchRecovery(FetchRequest request, IServerStreamWriter<TransferFrame> frames, ServerCallContext context)
    {
        Authenticate(TransferMethods.RecoveryName, context);
        if (member.Transfers.FindRecovery(request) is not { } recovery)
        {
            throw new RpcException(new Status(StatusCode.NotFound, "The round is not open in this tree at this node."));
        }

        foreach (UpdateClaims claims in PartialNames.ClaimsOf(recovery.Recovered, recovery.Lost))
        {
            await frames.WriteAsync(new TransferFrame(claims));
        }
    }

    private static async Task WriteWholeAsync(TransferHandover handover, IServerStreamWriter<TransferFrame> frames, CancellationToken cancellationToken)
    {
        await frames.WriteAsync(new TransferFrame(handover.Header), cancellationToken);
        foreach (UpdateClaims claims in PartialNames.ClaimsOf(handover.Included, []))
        {
            await frames.WriteAsync(new TransferFrame(claims), cancellationToken);
        }

        await WriteAsync(handover, frames, cancellationToken);
    }

    private static async Task WriteAsync(TransferHandover handover, IServerStreamWriter<TransferFrame> frames, CancellationToken cancellationToken)
    {
        if (handover.BeginWrite() is { } writer)
        {
            while (writer.Position < writer.Length)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await frames.WriteAsync(new TransferFrame(writer), cancellationToken);
            }
        }
    }

    private static async ValueTask<TransferFrame?> NextAsync(IAsyncStreamReader<TransferFrame> frames, StallGuard stall, ServerCallContext context)
    {
        bool hasNext = await frames.MoveNext(context.CancellationToken);
        stall.Progress();
        return hasNext ? frames.Current : null;
    }

    private static TransferReceipt Answer(TransferResult result) => result.Outcome switch
    {
        TransferOutcome.Merged => new TransferReceipt { Status = TransferStatus.Merged },
        TransferOutcome.AlreadyMerged => new TransferReceipt { Status = TransferStatus.AlreadyMerged },
        TransferOutcome.NotReady => throw new RpcException(new Status(StatusCode.Unavailable, result.Reason)),
        TransferOutcome.Damaged => throw new RpcException(new Status(StatusCode.DataLoss, result.Reason)),
        _ => throw new RpcException(new Status(StatusCode.FailedPrecondition, result.Reason)),
    };

    private void Authenticate(string method, ServerCallContext context)
    {
        if (!key.Verify(context.RequestHeaders.GetValue(TierKey.MetadataName), method, time.GetUtcNow()))
        {
            throw new RpcException(new Status(StatusCode.Unauthenticated, "The call is not signed with the tier's key; see Tier:Key."));
        }
    }
}
