using System.Runtime.InteropServices;
using Federated.Client.Transfer;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Client.Sessions;

/// <summary>
/// Fetches what a task works on. The last model stays in memory, since an evaluation often follows on the same version, and is
/// written to the cache at the end only: training rounds need no disk.
/// </summary>
internal sealed class TaskInputs(ModelDownloader downloader, ModelSteps steps) : IDisposable
{
    private BlobLease? _blob;
    private ModelContent? _model;

    /// <summary>The blob that is in memory; empty for none.</summary>
    public string BlobId { get; private set; } = "";

    /// <param name="reference">The model.</param>
    /// <param name="delivered">The file as it came with the task, or null; the inputs' from now on.</param>
    /// <param name="cancellationToken">Ends the download.</param>
    /// <exception cref="FederatedClientException">With <see cref="FederatedClientReason.BadModel"/>.</exception>
    public async Task<ModelContent> ModelAsync(ModelReference reference, BlobLease? delivered, CancellationToken cancellationToken)
    {
        if (_model is null || BlobId != reference.BlobId)
        {
            // Tasks follow one another, so nobody works on the last model any more.
            ModelContent? last = _model;
            _model = null;
            BlobLease? had = downloader.TryTake(reference, delivered);
            if (had is null && reference.Steps.Count > 0)
            {
                had = await steps.TryFollowAsync(reference, BlobId, _blob, cancellationToken).ConfigureAwait(false);
            }

            _blob?.Dispose();
            (_blob, BlobId) = (null, "");
            _blob = had
                ?? await downloader.FetchAsync(reference.BlobId, reference.ByteLength, ModelDownloader.ChecksumOf(reference), cancellationToken).ConfigureAwait(false);
            _model = Read(_blob, reference, last);
            BlobId = reference.BlobId;
        }
        else
        {
            delivered?.Dispose();
        }

        return _model.Schema.Hash.SequenceEqual(reference.SchemaHash.Span)
            ? _model
            : throw new FederatedClientException(
                FederatedClientReason.BadModel,
                $"Model version {reference.Version} has schema {_model.Schema.HashText}, the task announced {Convert.ToHexStringLower(reference.SchemaHash.Span)}.");
    }

    /// <summary>The vectors that the algorithm sent along, by role.</summary>
    /// <exception cref="FederatedClientException">With <see cref="FederatedClientReason.BadModel"/>.</exception>
    public async Task<IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>>> DownSectionsAsync(
        IReadOnlyCollection<SectionReference> references, CancellationToken cancellationToken)
    {
        var sections = new Dictionary<SectionRole, ReadOnlyMemory<float>>();
        foreach (SectionReference reference in references)
        {
            if (reference.Spec is not { Dtype: SectionDType.F32, Codec: SectionCodec.Dense } spec
                || spec.ElementCount * sizeof(float) != reference.ByteLength)
            {
                throw new FederatedClientException(
                    FederatedClientReason.BadModel,
                    $"The task sends a section {reference.Spec?.Role} of {reference.ByteLength} bytes along that is not dense float32 of its length.");
            }

            using BlobLease blob = await downloader.FetchAsync(reference.BlobId, reference.ByteLength, checksum: null, cancellationToken).ConfigureAwait(false);
            sections[spec.Role] = MemoryMarshal.Cast<byte, float>(blob.Bytes.Span).ToArray();
        }

        return sections;
    }

    public void Dispose()
    {
        if (_blob is not null && BlobId.Length > 0)
        {
            downloader.Keep(BlobId, _blob);
        }

        _blob?.Dispose();
        _blob = null;
    }

    private static ModelContent Read(BlobLease blob, ModelReference reference, ModelContent? over)
    {
        try
        {
            return ModelFile.Read(blob.Bytes.Span, over);
        }
        catch (InvalidDataException e)
        {
            throw new FederatedClientException(
                FederatedClientReason.BadModel, $"Model version {reference.Version} cannot be read: {e.Message}", e);
        }
    }
}
