using System.Buffers;
using Federated.Aggregator.Hosting;
using Federated.Protocol.V1;
using Federated.Storage.Blobs;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Authorization;

namespace Federated.Server.Devices;

/// <summary>Streams blobs of the model store to devices.</summary>
[Authorize(DevicePolicy.Name)]
internal sealed partial class ModelStoreService(IBlobStore blobs, ILogger<ModelStoreService> logger) : ModelStore.ModelStoreBase
{
    private const int ChunkBytes = 256 * 1024;

    public override async Task DownloadModel(
        DownloadRequest request, IServerStreamWriter<DownloadChunk> responseStream, ServerCallContext context)
    {
        await using var content = await OpenAsync(request, context.CancellationToken);

        // A message is on its way to the socket when WriteAsync returns, so one buffer serves the whole call.
        var buffer = ArrayPool<byte>.Shared.Rent(ChunkBytes);
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer.AsMemory(0, ChunkBytes), context.CancellationToken)) > 0)
            {
                var chunk = new DownloadChunk { Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, read)) };
                await responseStream.WriteAsync(chunk, context.CancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<Stream> OpenAsync(DownloadRequest request, CancellationToken cancellationToken)
    {
        if (!BlobId.TryParse(request.BlobId, out var id))
        {
            throw GrpcRefusal.Of(StatusCode.InvalidArgument, DeviceErrorKinds.ArgumentInvalid, "blob_id must be 64 hexadecimal digits.");
        }

        try
        {
            return await blobs.OpenReadAsync(id, checked((long)request.Offset), cancellationToken)
                ?? throw GrpcRefusal.Of(StatusCode.NotFound, DeviceErrorKinds.BlobUnknown, $"There is no blob {id}.");
        }
        catch (Exception exception) when (exception is ArgumentOutOfRangeException or OverflowException)
        {
            throw GrpcRefusal.Of(StatusCode.OutOfRange, DeviceErrorKinds.OffsetBeyondEnd, $"The blob ends before byte {request.Offset}.");
        }
        catch (CorruptBlobException exception)
        {
            Corrupt(logger, exception);
            throw GrpcRefusal.Of(StatusCode.DataLoss, DeviceErrorKinds.BlobCorrupt, $"The stored blob {id} does not match its id.");
        }
    }

    [LoggerMessage(1203, LogLevel.Error, "A blob of the model store is corrupt", EventName = "BlobCorrupt")]
    private static partial void Corrupt(ILogger logger, Exception exception);
}
