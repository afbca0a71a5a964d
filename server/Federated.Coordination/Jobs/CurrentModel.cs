using System.Collections.Immutable;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Anarchic;
using Federated.Coordination.Compression;
using Federated.Coordination.Persistence;
using Federated.Coordination.Pruning;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.V1;
using Federated.Storage.Blobs;
using Google.Protobuf;

namespace Federated.Coordination.Jobs;

/// <summary>The model version that is current, in memory, with the algorithm in the state that belongs to it.</summary>
internal sealed class CurrentModel
{
    /// <summary>A larger file is downloaded, which can be resumed where it broke.</summary>
    private const int MostInlineBytes = 1024 * 1024;

    private readonly IBlobStore _blobs;
    private readonly DownLink? _downLink;
    private MaskedLink? _maskedLink;
    private readonly Dictionary<string, ImmutableArray<SectionReference>> _down = new(StringComparer.Ordinal);
    private ulong _checksum;
    private SharedFile? _file;
    private (ulong Checksum, SharedFile? File) _next;

    private CurrentModel(
        IBlobStore blobs, ModelVersionRecord record, ulong checksum, ModelContent content, IServerAlgorithm algorithm, DownLink? downLink)
    {
        _blobs = blobs;
        _checksum = checksum;
        _downLink = downLink;
        Record = record;
        Content = content;
        Algorithm = algorithm;
        _maskedLink = downLink is null && content.Mask is { } mask ? new MaskedLink(record.BlobId, record.ByteLength, mask) : null;
    }

    public ModelVersionRecord Record { get; private set; }

    public ModelContent Content { get; }

    public IServerAlgorithm Algorithm { get; }

    /// <summary>The algorithm behind the buffers of an asynchronous job; null for a job with rounds.</summary>
    public IAnarchicAlgorithm? Anarchic => (Algorithm as BufferedRounds)?.Half;

    /// <summary>Bytes of the state that was written last, 0 for none.</summary>
    public long StateBytes { get; private set; }

    private BroadcastHolders? Holders => _downLink?.Holders ?? _maskedLink?.Holders;

    /// <summary>Whether every parameter and statistic is a finite number.</summary>
    public bool IsFinite =>
        RoundFigures.IsFinite<float>(Content.Parameters) && RoundFigures.IsFinite<float>(Content.Statistics);

    public static async Task<CurrentModel> LoadAsync(
        IBlobStore blobs,
        ServerAlgorithms algorithms,
        JobDefinition job,
        ModelVersionRecord record,
        CancellationToken cancellationToken)
    {
        byte[] file = await ReadAsync(blobs, record.BlobId, cancellationToken);
        ModelContent content = ModelFile.Read(file);
        IServerAlgorithm algorithm = AnarchicAlgorithms.BuiltIn.Has(job.Algorithm.Name)
            ? new BufferedRounds(job, AnarchicAlgorithms.BuiltIn.Create(job, content.Schema))
            : algorithms.Create(job, content.Schema);
        byte[] state = record.StateBlobId is { } saved ? await ReadAsync(blobs, saved, cancellationToken) : [];
        (DownLink? downLink, state) = await DownLink.LoadAsync(job, record, content, state, blob => ReadAsync(blobs, blob, cancellationToken));
        if (state.Length > 0)
        {
            algorithm.LoadState(state);
        }

        algorithm.Follow(content);
        return new CurrentModel(blobs, record, XxHash3.HashToUInt64(file), content, algorithm, downLink);
    }

    /// <summary>What devices start from: the version itself, or with a compressed down-link the model that follows it.</summary>
    public ModelReference Reference()
    {
        var reference = new ModelReference
        {
            Version = (uint)Record.Version,
            BlobId = Record.BlobId,
            ByteLength = (ulong)Record.ByteLength,
            SchemaHash = ByteString.CopyFrom(Content.Schema.Hash),
        };
        if (_downLink is not null)
        {
            return _downLink.Complete(reference);
        }

        reference.Checksum = _checksum;
        reference.Steps.AddRange((_maskedLink?.Holders.Chain.Links ?? []).Select(link => new ModelStep
        {
            BaseBlobId = link.BaseBlobId,
            BlobId = link.BlobId,
            ByteLength = (ulong)link.ByteLength,
        }));
        return reference;
    }

    /// <summary>Bytes that a device downloads for the model.</summary>
    public long BytesFor(uint clientIndex) => Holders?.BytesFor(clientIndex) ?? Record.ByteLength;

    /// <summary>L2 norm of what devices lack of the version written last; null without a compressed down-link.</summary>
    public double? DownError => _downLink?.Owed;

    /// <summary>A device has done its task with this model.</summary>
    public void Holds(uint clientIndex) => Holders?.Took(clientIndex);

    /// <summary>The file, for a device that takes so many bytes with its task; null when it has to download it, or holds it, or one from which there is a shorter step.</summary>
    public ModelLease? Lend(uint mostBytes, string heldBlobId) =>
        _file is { } file && file.Bytes.Length <= mostBytes && heldBlobId != Record.BlobId
        && _maskedLink?.Holders.Chain.Links.Any(link => link.BaseBlobId == heldBlobId) != true
            ? new ModelLease(file.Share())
            : null;

    /// <summary>The blobs that a role is sent besides the model; written when first asked for.</summary>
    public async Task<ImmutableArray<SectionReference>> DownSectionsAsync(string role, CancellationToken cancellationToken)
    {
        if (_down.TryGetValue(role, out ImmutableArray<SectionReference> known))
        {
            return known;
        }

        var references = ImmutableArray.CreateBuilder<SectionReference>();
        foreach (DownSection section in Algorithm.DownSections(role))
        {
            byte[] bytes = MemoryMarshal.AsBytes(section.Values.Span).ToArray();
            BlobId id = await _blobs.PutAsync(bytes, cancellationToken);
            references.Add(new SectionReference { Spec = section.Spec, BlobId = id.ToString(), ByteLength = (ulong)bytes.Length });
        }

        return _down[role] = references.ToImmutable();
    }

    /// <summary>
    /// Begins to write the model as the algorithm has just made it, and the algorithm's state. The record may be prepared for the commit
    /// meanwhile; it must not become true before the blobs are durable.
    /// </summary>
    public (ModelVersionRecord Version, Task Blobs) WriteNext(int version, DateTimeOffset now, CancellationToken cancellationToken)
    {
        byte[] rented = ModelFile.WritePooled(Content, out int length);
        var file = new SharedFile(rented, length);
        (BlobId model, Task written) = _blobs.BeginPut(file.Bytes, cancellationToken);
        _next.File?.Release();
        _next = (XxHash3.HashToUInt64(file.Bytes.Span), length <= MostInlineBytes && _downLink is null ? file.Share() : null);
        byte[]? saved = Algorithm.SaveState();
        IReadOnlyList<(BlobId Id, byte[] Bytes)> further = _downLink?.Follow(Content, version, ref saved) ?? [];
        StateBytes = saved?.LongLength ?? 0;
        (BlobId? state, Task stateWritten) = saved is null ? (default(BlobId?), Task.CompletedTask) : _blobs.BeginPut(saved, cancellationToken);
        if (_maskedLink is not null)
        {
            byte[] step = _maskedLink.StepTo(Content);
            further = [(BlobId.Of(step), step)];
            _maskedLink.Prepare(Content, model.ToString(), length, further[0].Id.ToString(), step.Length);
        }

        var record = new ModelVersionRecord(
            Record.Job,
            version,
            model.ToString(),
            length,
            Content.Schema.HashText,
            state?.ToString(),
            Record.TrainingRounds + 1,
            Record.Version,
            ModelVersionOrigin.Round,
            now);
        return (record, Task.WhenAll(ReleaseAfterAsync(written, file), stateWritten, PutAsync(further, cancellationToken)));
    }

    /// <summary>Tells the algorithm the job's state epoch; what devices saved under an earlier one is void.</summary>
    public void BeginEpoch(int stateEpoch)
    {
        Algorithm.BeginEpoch(stateEpoch);
        _down.Clear();
    }

    /// <summary>The version that was written has been committed.</summary>
    public void Committed(ModelVersionRecord record)
    {
        Record = record;
        _file?.Release();
        (_checksum, _file) = _next;
        _next = default;
        _downLink?.Committed();
        _maskedLink?.Committed();
        _maskedLink ??= _downLink is null && Content.Mask is { } mask ? new MaskedLink(record.BlobId, record.ByteLength, mask) : null;
        _down.Clear();
    }

    private async Task PutAsync(IReadOnlyList<(BlobId Id, byte[] Bytes)> blobs, CancellationToken cancellationToken)
    {
        foreach ((_, byte[] bytes) in blobs)
        {
            await _blobs.PutAsync(bytes, cancellationToken);
        }
    }

    private static async Task ReleaseAfterAsync(Task written, SharedFile file)
    {
        try
        {
            await written;
        }
        finally
        {
            file.Release();
        }
    }

    private static async Task<byte[]> ReadAsync(IBlobStore blobs, string id, CancellationToken cancellationToken) =>
        await blobs.ReadAsync(BlobId.Parse(id), cancellationToken)
        ?? throw new InvalidDataException($"Blob {id} is missing from the model store.");
}
