using System.Security.Cryptography;
using Federated.Protocol.Codecs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Client.Transfer;

/// <summary>Makes a model from one that the device has and the steps to the new one, where that is less to download than the file.</summary>
internal sealed partial class ModelSteps(ModelDownloader downloader, ILogger logger)
{
    /// <summary>Gives the model's file; null when there is no start for the steps, or they do not lead to it, so that the file has to be downloaded.</summary>
    /// <param name="reference">The model, with its steps.</param>
    /// <param name="heldBlobId">The model in memory; empty for none.</param>
    /// <param name="held">Its file.</param>
    /// <param name="cancellationToken">Ends the download.</param>
    public async Task<BlobLease?> TryFollowAsync(ModelReference reference, string heldBlobId, BlobLease? held, CancellationToken cancellationToken)
    {
        if (await downloader.TryCachedAsync(reference.BlobId, cancellationToken).ConfigureAwait(false) is { } whole)
        {
            return whole;
        }

        // The newest start is the shortest way.
        for (int first = reference.Steps.Count - 1; first >= 0; first--)
        {
            string start = reference.Steps[first].BaseBlobId;
            ModelStep[] way = [.. reference.Steps.Skip(first)];
            if (way.Aggregate(0UL, (sum, step) => sum + step.ByteLength) >= reference.ByteLength)
            {
                return null;
            }

            if (held is not null && start == heldBlobId)
            {
                return await FollowAsync(reference, held, way, cancellationToken).ConfigureAwait(false);
            }

            using BlobLease? cached = await downloader.TryCachedAsync(start, cancellationToken).ConfigureAwait(false);
            if (cached is not null)
            {
                return await FollowAsync(reference, cached, way, cancellationToken).ConfigureAwait(false);
            }
        }

        return null;
    }

    private async Task<BlobLease?> FollowAsync(ModelReference reference, BlobLease start, ModelStep[] way, CancellationToken cancellationToken)
    {
        try
        {
            ModelContent model = ModelFile.Read(start.Bytes.Span);
            foreach (ModelStep step in way)
            {
                using BlobLease difference = await downloader.FetchAsync(step.BlobId, step.ByteLength, checksum: null, cancellationToken).ConfigureAwait(false);
                if (MaskedStep.Begins(difference.Bytes.Span))
                {
                    MaskedStep.Apply(difference.Bytes.Span, model);
                }
                else
                {
                    ModelDifference.Apply(difference.Bytes.Span, model);
                }
            }

            var file = new BlobLease(ModelFile.WritePooled(model, out int length), length);
            if (Convert.ToHexStringLower(SHA256.HashData(file.Bytes.Span)) == reference.BlobId)
            {
                return file;
            }

            file.Dispose();
            LogAstray(logger, reference.Version, way.Length, "they lead to another model");
        }
        catch (Exception e) when (e is InvalidDataException or FederatedClientException { Reason: FederatedClientReason.BadModel })
        {
            LogAstray(logger, reference.Version, way.Length, e.Message);
        }

        return null;
    }

    [LoggerMessage(EventId = 1203, EventName = "StepsAstray", Level = LogLevel.Warning,
        Message = "Model version {Version} cannot be made from {Steps} steps ({Why}); the whole model is downloaded")]
    private static partial void LogAstray(ILogger logger, uint version, int steps, string why);
}
