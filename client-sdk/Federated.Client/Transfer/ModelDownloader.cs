using System.Buffers;
using System.IO.Hashing;
using System.Security.Cryptography;
using Federated.Client.Calls;
using Federated.Protocol.V1;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Federated.Client.Transfer;

/// <summary>Fetches blobs: from the cache, or from the server, resuming where a broken stream ended. What it gives out is verified.</summary>
internal sealed partial class ModelDownloader(
    ChannelPool channels,
    AuthorizedCalls calls,
    BlobCache? cache,
    TimeSpan stallTimeout,
    Action<int, long, long> progress,
    ILogger logger)
{
    private const int AttemptsWhenCorrupt = 2;

    /// <summary>
    /// Of a download that is cut off by the end of the process, at most so many bytes are lost. Smaller ones touch no disk on their way.
    /// </summary>
    private const int SpillBytes = 8 * 1024 * 1024;

    /// <summary>The checksum with which what is received is verified; null when the server gives none.</summary>
    public static ulong? ChecksumOf(ModelReference reference) => reference.HasChecksum ? reference.Checksum : null;

    /// <summary>Takes a model that came with its task; null when there is none, or it is not the one that the task names.</summary>
    /// <param name="reference">The model that the task names.</param>
    /// <param name="delivered">What came, or null; disposed when it is not taken.</param>
    public BlobLease? TryTake(ModelReference reference, BlobLease? delivered)
    {
        if (delivered is null)
        {
            return null;
        }

        if (BlobId.IsValid(reference.BlobId) && (ulong)delivered.Bytes.Length == reference.ByteLength
            && IsIntact(reference.BlobId, ChecksumOf(reference), delivered.Bytes.Span))
        {
            progress(delivered.Bytes.Length, delivered.Bytes.Length, delivered.Bytes.Length);
            return delivered;
        }

        LogCorruptDelivery(logger, reference.BlobId);
        delivered.Dispose();
        return null;
    }

    /// <summary>Gives the blob's bytes; the caller disposes the lease.</summary>
    /// <param name="blobId">The blob.</param>
    /// <param name="byteLength">Its length.</param>
    /// <param name="checksum">XxHash3 of its bytes, with which a download is verified; null to verify it with its id.</param>
    /// <param name="cancellationToken">Ends the download.</param>
    /// <exception cref="FederatedClientException">
    /// With <see cref="FederatedClientReason.BadModel"/>, when the server does not have the blob or sends other bytes twice.
    /// </exception>
    public async Task<BlobLease> FetchAsync(string blobId, ulong byteLength, ulong? checksum, CancellationToken cancellationToken)
    {
        if (!BlobId.IsValid(blobId) || byteLength is 0 or > int.MaxValue)
        {
            throw new FederatedClientException(
                FederatedClientReason.BadModel,
                $"The server names a blob '{blobId}' of {byteLength} bytes; a blob has a SHA-256 in hexadecimal and 1 to {int.MaxValue} bytes.");
        }

        int length = (int)byteLength;
        byte[] rented = ArrayPool<byte>.Shared.Rent(length);
        var lease = new BlobLease(rented, length);
        try
        {
            await FillAsync(blobId, checksum, rented.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            return lease;
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <summary>A blob of the cache; null when it is not there as it should be.</summary>
    public async Task<BlobLease?> TryCachedAsync(string blobId, CancellationToken cancellationToken)
    {
        if (!BlobId.IsValid(blobId) || cache?.LengthOf(blobId) is not { } length)
        {
            return null;
        }

        var lease = new BlobLease(ArrayPool<byte>.Shared.Rent(length), length);
        if (await cache.TryReadAsync(blobId, lease.Memory, cancellationToken).ConfigureAwait(false) && IsIntact(blobId, checksum: null, lease.Bytes.Span))
        {
            return lease;
        }

        lease.Dispose();
        return null;
    }

    /// <summary>Keeps a blob that was fetched for later runs.</summary>
    public void Keep(string blobId, BlobLease blob) => cache?.Write(blobId, blob.Bytes.Span);

    private async Task FillAsync(string blobId, ulong? checksum, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (cache is not null && await cache.TryReadAsync(blobId, buffer, cancellationToken).ConfigureAwait(false))
        {
            if (IsIntact(blobId, checksum: null, buffer.Span))
            {
                return;
            }

            LogCorruptCache(logger, blobId);
            cache.Drop(blobId);
        }

        for (int attempt = 1; attempt <= AttemptsWhenCorrupt; attempt++)
        {
            await DownloadAsync(blobId, buffer, cancellationToken).ConfigureAwait(false);
            if (IsIntact(blobId, checksum, buffer.Span))
            {
                return;
            }

            LogCorruptDownload(logger, blobId, attempt);
        }

        throw new FederatedClientException(
            FederatedClientReason.BadModel,
            $"The server sent other bytes than blob {blobId} ({buffer.Length} bytes), {AttemptsWhenCorrupt} times.");
    }

    /// <summary>
    /// The server that names the blob says the checksum in the same message, so it shows damage on the way as well as the id does, in a hundredth
    /// of the time.
    /// </summary>
    private static bool IsIntact(string blobId, ulong? checksum, ReadOnlySpan<byte> bytes)
    {
        if (checksum is { } expected)
        {
            return XxHash3.HashToUInt64(bytes) == expected;
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return Convert.ToHexStringLower(hash) == blobId;
    }

    private async Task DownloadAsync(string blobId, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int have = cache is null ? 0 : await cache.ReadPartAsync(blobId, buffer, cancellationToken).ConfigureAwait(false);
        int onDisk = have;
        try
        {
            if (have < buffer.Length)
            {
                await calls.RunAsync(channels.Coordinator, "DownloadModel", stallTimeout, ReceiveAsync, cancellationToken).ConfigureAwait(false);
            }

            cache?.DropPart(blobId);
        }
        catch (Exception e)
        {
            Spill();
            if (e is RpcException rpc)
            {
                throw new FederatedClientException(
                    FederatedClientReason.BadModel, $"Blob {blobId} cannot be downloaded: {CallRunner.Describe(rpc)}", rpc);
            }

            throw;
        }

        async Task<int> ReceiveAsync(CallAttempt attempt)
        {
            using AsyncServerStreamingCall<DownloadPiece> call = channels.InvokerFor(channels.Coordinator).AsyncServerStreamingCall(
                DownloadMethod.Client,
                null,
                new CallOptions(attempt.Headers, cancellationToken: attempt.Token),
                new DownloadRequest { BlobId = blobId, Offset = (ulong)have });
            while (await call.ResponseStream.MoveNext(attempt.Token).ConfigureAwait(false))
            {
                using DownloadPiece piece = call.ResponseStream.Current;
                if (piece.Data.Length > buffer.Length - have)
                {
                    throw new FederatedClientException(
                        FederatedClientReason.BadModel, $"The server sends more than the {buffer.Length} bytes of blob {blobId}.");
                }

                piece.Data.CopyTo(buffer[have..]);
                have += piece.Data.Length;
                attempt.Progress();
                progress(piece.Data.Length, have, buffer.Length);
                if (have - onDisk >= SpillBytes)
                {
                    Spill();
                }
            }

            return have == buffer.Length
                ? have
                : throw new RpcException(new Status(StatusCode.Unavailable, $"the stream ended at byte {have} of {buffer.Length}"));
        }

        void Spill()
        {
            if (cache is not null && have > onDisk)
            {
                cache.Append(blobId, onDisk, buffer.Span[onDisk..have]);
                onDisk = have;
            }
        }
    }

    [LoggerMessage(EventId = 1201, EventName = "CachedBlobCorrupt", Level = LogLevel.Warning,
        Message = "The cached blob {BlobId} does not match its id; it is downloaded again")]
    private static partial void LogCorruptCache(ILogger logger, string blobId);

    [LoggerMessage(EventId = 1202, EventName = "DownloadCorrupt", Level = LogLevel.Warning,
        Message = "Blob {BlobId} arrived with another hash (attempt {Attempt})")]
    private static partial void LogCorruptDownload(ILogger logger, string blobId, int attempt);

    [LoggerMessage(EventId = 1204, EventName = "DeliveryCorrupt", Level = LogLevel.Warning,
        Message = "The model {BlobId} that came with its task is another one or damaged; it is downloaded")]
    private static partial void LogCorruptDelivery(ILogger logger, string blobId);
}
