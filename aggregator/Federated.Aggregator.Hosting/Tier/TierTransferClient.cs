using System.Buffers;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Hierarchy;
using Federated.Aggregator.Rounds;
using Federated.Aggregator.Tree;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Options;

namespace Federated.Aggregator.Hosting.Tier;

/// <summary>Calls the transfer service of nodes: a node that of others, the server those of a round's tree.</summary>
public sealed class TierTransferClient(TierKey key, IOptions<TreeMemberOptions> options, TimeProvider time) : IPartialTransport, IDisposable
{
    private readonly ConcurrentDictionary<string, GrpcChannel> _channels = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public async Task<TransferResult> SendAsync(TreeNode receiver, TransferHandover handover, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        ArgumentNullException.ThrowIfNull(handover);
        try
        {
            using AsyncClientStreamingCall<TransferFrame, TransferReceipt> call = InvokerOf(receiver.Transfer)
                .AsyncClientStreamingCall(TransferMethods.Send, null, Options(TransferMethods.SendName, cancellationToken));
            try
            {
                await call.RequestStream.WriteAsync(new TransferFrame(handover.Header), cancellationToken);

                // The header comes back when the rest is wanted; until then no byte of it is sent.
                await call.ResponseHeadersAsync;
                if (!call.ResponseAsync.IsCompleted)
                {
                    await WriteAsync(call.RequestStream, handover, cancellationToken);
                }

                await call.RequestStream.CompleteAsync();
            }
            catch (Exception exception) when (exception is RpcException or InvalidOperationException || IsBroken(exception))
            {
                // The answer tells more than the broken stream.
            }

            TransferReceipt receipt = await call.ResponseAsync;
            return new TransferResult(receipt.Status == TransferStatus.AlreadyMerged ? TransferOutcome.AlreadyMerged : TransferOutcome.Merged);
        }
        catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
        {
            TransferOutcome outcome = exception.StatusCode switch
            {
                StatusCode.FailedPrecondition or StatusCode.InvalidArgument or StatusCode.Unauthenticated or StatusCode.Unimplemented => TransferOutcome.Refused,
                StatusCode.DataLoss => TransferOutcome.Damaged,
                _ => TransferOutcome.NotReady,
            };
            return new TransferResult(outcome, $"{exception.StatusCode}: {exception.Status.Detail}");
        }
        catch (Exception exception) when (IsBroken(exception) && !cancellationToken.IsCancellationRequested)
        {
            return new TransferResult(TransferOutcome.NotReady, exception.Message);
        }
        catch (Exception exception) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("The transfer was cancelled.", exception, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public async Task<TransferResult> FetchVerdictAsync(TreeNode top, FetchRequest request, ExchangeReader reader, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(top);
        ArgumentNullException.ThrowIfNull(reader);
        try
        {
            await FetchAsync(
                top.Transfer, TransferMethods.VerdictName, request,
                (in ReadOnlySequence<byte> data) =>
                {
                    foreach (ReadOnlyMemory<byte> segment in data)
                    {
                        reader.Append(segment.Span);
                    }
                },
                static _ => { },
                cancellationToken);
            return reader.IsComplete ? new TransferResult(TransferOutcome.Merged) : new TransferResult(TransferOutcome.Damaged, "The verdict is cut short.");
        }
        catch (InvalidDataException exception)
        {
            return new TransferResult(TransferOutcome.Damaged, exception.Message);
        }
        catch (Exception exception) when ((exception is RpcException || IsBroken(exception)) && !cancellationToken.IsCancellationRequested)
        {
            return new TransferResult(TransferOutcome.NotReady, exception.Message);
        }
        catch (RpcException exception)
        {
            throw new OperationCanceledException("The transfer was cancelled.", exception, cancellationToken);
        }
    }

    /// <summary>Whether a connection was refused or cut: a cut one does not always come as a status.</summary>
    public static bool IsBroken(Exception exception) => exception is HttpRequestException or IOException;

    /// <summary>Takes the aggregate of a round from the node of its top, and divides.</summary>
    /// <param name="address">Where the node's transfer service is.</param>
    /// <param name="plan">The round.</param>
    /// <param name="revision">Revision of its tree.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">The node cannot be reached, or the aggregate is not ready there (NOT_FOUND).</exception>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public async Task<ClosedRound> FetchAggregateAsync(string address, RoundPlan plan, int revision, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        IAggregateReceiver receiver = plan.IsMean ? new PartialReceiver(plan.Key, plan.Sections) : new ReportReceiver(plan);
        PartialHeader? header = null;
        await FetchAsync(
            address, TransferMethods.AggregateName, PartialNames.RequestOf(plan.Key, plan.WriterEpoch, revision), receiver.Append,
            frame =>
            {
                header ??= frame.Header;
                if (frame.Claims is { } claims)
                {
                    receiver.Append(claims);
                }
            },
            cancellationToken);
        return receiver.Complete(header ?? throw new InvalidDataException($"The aggregate of round {plan.Key} came without its header."));
    }

    /// <summary>Takes the updates that a node keeps of a closed round, as they were uploaded.</summary>
    /// <param name="address">Where the node's transfer service is.</param>
    /// <param name="plan">The round.</param>
    /// <param name="revision">Revision of its tree.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">The node cannot be reached, or has not closed the round in this tree (NOT_FOUND).</exception>
    /// <exception cref="InvalidDataException">The bytes are damaged, or of no update of the round.</exception>
    public async Task<IReadOnlyList<(UpdateCommitted Update, RetainedUpdate Payload)>> FetchKeptAsync(string address, RoundPlan plan, int revision, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var receiver = new KeptReceiver(plan);
        await FetchAsync(
            address, TransferMethods.KeptName, PartialNames.RequestOf(plan.Key, plan.WriterEpoch, revision), receiver.Append,
            frame =>
            {
                if (frame.Claims is { } claims)
                {
                    receiver.Append(claims);
                }
            },
            cancellationToken);
        return receiver.Complete();
    }

    /// <summary>Asks what a node still had of a round when it opened it, and what it had lost.</summary>
    /// <param name="address">Where the node's transfer service is.</param>
    /// <param name="plan">The round.</param>
    /// <param name="revision">Revision of its tree.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="RpcException">The node cannot be reached, or has not opened the round in this tree (NOT_FOUND).</exception>
    public async Task<ReopenedRound> FetchRecoveryAsync(string address, RoundPlan plan, int revision, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        var recovered = ImmutableArray.CreateBuilder<UpdateCommitted>();
        var lost = ImmutableArray.CreateBuilder<string>();
        await FetchAsync(
            address, TransferMethods.RecoveryName, PartialNames.RequestOf(plan.Key, plan.WriterEpoch, revision), sink: null,
            frame =>
            {
                if (frame.Claims is { } claims)
                {
                    recovered.AddRange(PartialNames.UpdatesOf(plan.Key, claims));
                    lost.AddRange(claims.Lost);
                }
            },
            cancellationToken);
        return new ReopenedRound(recovered.ToImmutable(), lost.ToImmutable());
    }

    public void Dispose()
    {
        foreach (GrpcChannel channel in _channels.Values)
        {
            channel.Dispose();
        }
    }

    private static async Task WriteAsync(IClientStreamWriter<TransferFrame> frames, TransferHandover handover, CancellationToken cancellationToken)
    {
        foreach (UpdateClaims claims in PartialNames.ClaimsOf(handover.Included, []))
        {
            await frames.WriteAsync(new TransferFrame(claims), cancellationToken);
        }

        if (handover.BeginWrite() is { } writer)
        {
            while (writer.Position < writer.Length)
            {
                await frames.WriteAsync(new TransferFrame(writer), cancellationToken);
            }
        }
    }

    private async Task FetchAsync(
        string address, string name, FetchRequest request, TransferSink? sink, Action<TransferFrame> onFrame, CancellationToken cancellationToken)
    {
        using AsyncServerStreamingCall<TransferFrame> call = InvokerOf(address)
            .AsyncServerStreamingCall(TransferMethods.Fetch(name, sink), null, Options(name, cancellationToken), request);
        await foreach (TransferFrame frame in call.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (frame == TransferFrame.Malformed)
            {
                throw new InvalidDataException("A message of the transfer is malformed.");
            }

            onFrame(frame);
        }
    }

    private CallInvoker InvokerOf(string address) =>
        _channels.GetOrAdd(address, static where => GrpcChannel.ForAddress(where)).CreateCallInvoker();

    private CallOptions Options(string method, CancellationToken cancellationToken) => new(
        new Metadata { { TierKey.MetadataName, key.Sign(method, time.GetUtcNow()) } },
        deadline: time.GetUtcNow().UtcDateTime + options.Value.TransferTimeout, cancellationToken: cancellationToken);
}
