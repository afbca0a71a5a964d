using System.Collections.Immutable;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Federated.Storage.Blobs;
using Federated.Storage.Logs;
using Google.Protobuf;

namespace Federated.Coordination.Exchange;

/// <summary>
/// The log of an exchange and the machine that follows it. Records since the last checkpoint lie in a file, written before anybody hears of them; a checkpoint is a model version whose
/// state blob holds it with the records that led to it, so that the chain of state blobs is the log. Used by one coordinator.
/// </summary>
internal sealed class ExchangeHistory : IDisposable
{
    private readonly CoordinatedJob _job;
    private readonly ModelContent _content;
    private readonly OneByteManifest _manifest;
    private readonly RecordLog _tail;
    private readonly List<RoundCommitment> _records = [];
    private readonly SortedDictionary<uint, byte[]> _states = [];
    private readonly Queue<string> _archives = [];
    private readonly int _window;
    private readonly int _retain;
    private ModelVersionRecord _current;
    private int _lastNumber;
    private RoundKey? _open;

    private ExchangeHistory(
        CoordinatedJob job, JobSnapshot snapshot, ModelVersionRecord initial, ModelContent content, OneByteManifest manifest, OneByteMachine machine, RecordLog tail)
    {
        _job = job;
        _content = content;
        _manifest = manifest;
        _tail = tail;
        _window = OneByteRun.WindowOf(job.Record.Definition);
        _retain = OneByteRun.RetainOf(job.Record.Definition);
        _current = snapshot.Current;
        _open = snapshot.OpenRound?.Key;
        _lastNumber = JobHistory.Of(snapshot.Current, snapshot.Rounds, snapshot.FailedStatistics).LastNumber;
        Machine = machine;
        Initial = new ModelReference
        {
            Version = (uint)initial.Version,
            BlobId = initial.BlobId,
            ByteLength = (ulong)initial.ByteLength,
            SchemaHash = ByteString.CopyFrom(content.Schema.Hash),
        };
    }

    /// <summary>Follows the log.</summary>
    public OneByteMachine Machine { get; }

    /// <summary>The model that the run began with.</summary>
    public ModelReference Initial { get; }

    /// <summary>The last checkpoint; null while there is none.</summary>
    public CheckpointReference? Checkpoint { get; private set; }

    public ModelVersionRecord Current => _current;

    /// <summary>Whether a checkpoint is due before the next round.</summary>
    public bool IsCheckpointDue => Machine.Round > _current.TrainingRounds && (IsMultiple(Machine.Round) || Machine.Round == _job.Record.Definition.Rounds);

    /// <summary>Reads a job's run up to the last record that was written.</summary>
    public static async Task<ExchangeHistory> OpenAsync(CoordinatedJob job, JobSnapshot snapshot, string folder, CancellationToken stop)
    {
        IBlobStore blobs = job.Services.Blobs;
        ModelVersionRecord initial = await job.Services.Store.FindVersionAsync(job.Key, 0, stop)
            ?? throw new InvalidDataException($"Job {job.Key} has no initial model.");
        ModelContent content = ModelFile.Read(await ReadAsync(blobs, initial.BlobId, stop));
        var manifest = new OneByteManifest(content.Schema);
        OneByteSettings settings = OneByteRun.SettingsOf(job.Record.Definition, job.Key.JobId, manifest, content.Parameters);
        OneByteMachine machine = OneByteMachine.Start(settings, manifest, content.Parameters);
        RecordLog tail = RecordLog.Open(Path.Combine(folder, job.Key.TenantId, job.Key.JobId + ".log"));
        var history = new ExchangeHistory(job, snapshot, initial, content, manifest, machine, tail);
        try
        {
            await history.GoToAsync(snapshot.Current, stop);
            foreach (ReadOnlyMemory<byte> bytes in tail.Read())
            {
                // Records before the checkpoint are left when a crash came before they were dropped.
                if (RoundCommitment.Read(bytes.Span) is { } record && machine.Apply(record))
                {
                    history.Applied(record);
                }
            }

            return history;
        }
        catch
        {
            tail.Dispose();
            throw;
        }
    }

    /// <summary>Writes the record of the open round, so that the death of this process does not undo it.</summary>
    public void Write(RoundCommitment record) => _tail.Append(record.ToBytes());

    /// <summary>The machine has applied a record.</summary>
    public void Applied(RoundCommitment record)
    {
        _records.Add(record);
        RememberState();
    }

    /// <summary>Whether a log that ends with a hash before a round is the beginning of this one, and can be continued from memory.</summary>
    public bool Continues(uint round, ulong previous) => round == Machine.Round
        ? previous == Machine.Previous
        : _records.Find(record => record.Round == round) is { } next && next.Previous == previous;

    /// <summary>The records from a round on, oldest first, until they are more bytes than wanted.</summary>
    public List<ReadOnlyMemory<byte>> RecordsFrom(uint round, int mostBytes)
    {
        var records = new List<ReadOnlyMemory<byte>>();
        int bytes = 0;
        foreach (RoundCommitment record in _records.Where(record => record.Round >= round))
        {
            if (bytes > mostBytes)
            {
                break;
            }

            byte[] next = record.ToBytes();
            records.Add(next);
            bytes += next.Length;
        }

        return records;
    }

    /// <summary>The hash of the state before a round; null when it is not remembered.</summary>
    public byte[]? StateBefore(uint round) => _states.GetValueOrDefault(round);

    /// <summary>Makes a checkpoint: model and archive into the store, a version into the database, and then the tail is empty.</summary>
    public async Task CloseWindowAsync(RoundMetrics metrics, JobStatus status, string? reason, CancellationToken stop)
    {
        DateTimeOffset now = _job.Now;
        int from = _current.TrainingRounds;
        byte[] archive = new OneByteArchive(
            _current.StateBlobId is { } before ? Convert.FromHexString(before) : default,
            Machine.Checkpoint(),
            [.. _records.Where(record => record.Round >= from).Select(record => (ReadOnlyMemory<byte>)record.ToBytes())]).ToBytes();
        float[] weights = new float[_manifest.Elements];
        Machine.CopyTo(weights);
        _manifest.Scatter(weights, _content.Parameters);
        byte[] model = ModelFile.Write(_content);
        BlobId modelId = BlobId.Of(model), archiveId = BlobId.Of(archive);

        if (_open is null)
        {
            _open = new RoundKey(_job.Key.TenantId, _job.Key.JobId, ++_lastNumber, TaskKind.Train);
            FencedException.ThrowIf(await _job.Services.Store.OpenRoundAsync(
                _job.Lease, new RoundRecord(_open, RoundState.Open, _current.Version, _job.Record.StateEpoch, now, now), [], stop));
        }

        var version = new ModelVersionRecord(
            _job.Key, _open.Round, modelId.ToString(), model.Length, _content.Schema.HashText, archiveId.ToString(),
            (int)Machine.Round, _current.Version, ModelVersionOrigin.Round, now);
        var commit = new RoundCommit(_job.Lease, _open, now, [], [], [], metrics, version, status, reason);
        FencedException.ThrowIf(await _job.Services.Store.CommitRoundAsync(commit, PutAsync(model, archive, stop), stop));
        _open = null;
        _current = version;
        _job.Record = _job.Record with { Status = status, StatusReason = reason, CurrentVersion = version.Version };
        Checkpoint = new CheckpointReference { BlobId = archiveId.ToString(), ByteLength = (ulong)archive.Length, Round = Machine.Round };

        // The window before stays in memory, for machines that are a little behind.
        _records.RemoveAll(record => record.Round < from);
        await _tail.CompactAsync(_ => false, stop);
        _archives.Enqueue(archiveId.ToString());
        while (_archives.Count > _retain)
        {
            await _job.Services.Blobs.DeleteAsync(BlobId.Parse(_archives.Dequeue()), stop);
        }
    }

    /// <summary>Goes back to the checkpoint of an earlier version; false when that was dropped.</summary>
    public async Task<bool> RollBackAsync(ModelVersionRecord wanted, CancellationToken stop)
    {
        if (wanted.StateBlobId is { } id && !await _job.Services.Blobs.ExistsAsync(BlobId.Parse(id), stop))
        {
            return false;
        }

        // First the tail: its records must not be found behind the old checkpoint once that is current.
        await _tail.CompactAsync(_ => false, stop);
        if (_open is { } open)
        {
            FencedException.ThrowIf(await _job.Services.Store.AbandonRoundAsync(
                new RoundAbandonment(_job.Lease, open, _job.Now, "The job was rolled back.", [], _job.Record.StateEpoch, _job.Record.Status, null), stop));
            _open = null;
        }

        ModelVersionRecord version = wanted with
        {
            Version = ++_lastNumber,
            Parent = wanted.Version,
            Origin = ModelVersionOrigin.RollBack,
            CreatedAt = _job.Now,
        };
        int stateEpoch = _job.Record.StateEpoch + 1;
        FencedException.ThrowIf(await _job.Services.Store.RollBackAsync(_job.Lease, version, stateEpoch, stop));
        _job.Record = _job.Record with { StateEpoch = stateEpoch, CurrentVersion = version.Version };
        await GoToAsync(version, stop);
        return true;
    }

    public void Dispose() => _tail.Dispose();

    private static async Task<byte[]> ReadAsync(IBlobStore blobs, string id, CancellationToken stop) =>
        await blobs.ReadAsync(BlobId.Parse(id), stop) ?? throw new InvalidDataException($"Blob {id} is missing from the model store.");

    private async Task GoToAsync(ModelVersionRecord version, CancellationToken stop)
    {
        _current = version;
        _records.Clear();
        _states.Clear();
        _archives.Clear();
        Checkpoint = null;
        if (version.StateBlobId is not { } id)
        {
            Machine.Restore(OneByteMachine.Start(Machine.Settings, _manifest, await FirstAsync(stop)).Checkpoint());
            RememberState();
            return;
        }

        byte[] bytes = await ReadAsync(_job.Services.Blobs, id, stop);
        OneByteArchive archive = OneByteArchive.Read(bytes);
        Machine.Restore(archive.Checkpoint.Span);
        Checkpoint = new CheckpointReference { BlobId = id, ByteLength = (ulong)bytes.Length, Round = Machine.Round };
        _records.AddRange(archive.Records.Select(record => RoundCommitment.Read(record.Span) ?? throw new InvalidDataException($"Archive {id} has a record that is none.")));
        RememberState();
        foreach (string kept in await ChainAsync(id, archive, stop))
        {
            _archives.Enqueue(kept);
        }
    }

    private async Task<float[]> FirstAsync(CancellationToken stop) =>
        ModelFile.Read(await ReadAsync(_job.Services.Blobs, Initial.BlobId, stop)).Parameters;

    /// <summary>The archives that are still there, oldest first.</summary>
    private async Task<IEnumerable<string>> ChainAsync(string id, OneByteArchive archive, CancellationToken stop)
    {
        var chain = new List<string> { id };
        while (chain.Count <= _retain && !archive.Before.IsEmpty
            && await _job.Services.Blobs.ReadAsync(BlobId.Parse(Convert.ToHexStringLower(archive.Before.Span)), stop) is { } bytes)
        {
            chain.Add(Convert.ToHexStringLower(archive.Before.Span));
            archive = OneByteArchive.Read(bytes);
        }

        chain.Reverse();
        return chain;
    }

    private async Task PutAsync(byte[] model, byte[] archive, CancellationToken stop)
    {
        await _job.Services.Blobs.PutAsync(model, stop);
        await _job.Services.Blobs.PutAsync(archive, stop);
    }

    private bool IsMultiple(uint round) => round % _window == 0;

    private void RememberState()
    {
        if (IsMultiple(Machine.Round) || Machine.Round == _job.Record.Definition.Rounds)
        {
            _states[Machine.Round] = Machine.StateHash();
            while (_states.Count > 3)
            {
                _states.Remove(_states.Keys.First());
            }
        }
    }
}
