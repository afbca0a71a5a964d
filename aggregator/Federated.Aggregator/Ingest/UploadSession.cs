using System.Buffers;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Codecs;
using Federated.Protocol.Rounds;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;
using Federated.Storage.Slots;

namespace Federated.Aggregator.Ingest;

/// <summary>
/// One admitted upload: holds the claim on its update id and a reserved slot, and gives both back when it is disposed without having
/// been stored. Used by one flow of calls at a time.
/// </summary>
public sealed class UploadSession : IDisposable
{
    private readonly UpdateIngest _ingest;
    private readonly UpdateHeader _header;
    private readonly UpdateTicket _ticket;
    private readonly SlotWriteLease _lease;
    private readonly PayloadInspector _inspector;
    private readonly long _started;
    private int _written;
    private bool _isStored;
    private bool _isDisposed;

    internal UploadSession(
        UpdateIngest ingest, NodeRound round, UpdateHeader header, UpdateTicket ticket, SlotWriteLease lease, long started)
    {
        _ingest = ingest;
        Round = round;
        _header = header;
        _ticket = ticket;
        _lease = lease;
        _started = started;
        _inspector = new PayloadInspector(PayloadRange.Of(header.Sections));
    }

    /// <summary>Payload bytes that the header announced.</summary>
    public int Length => _lease.Length;

    /// <summary>Payload bytes that have arrived.</summary>
    public int Received => _written;

    /// <summary>Why the upload has failed already; null while it may go on.</summary>
    public UploadResult? Failure { get; private set; }

    /// <summary>The round that the upload goes to; a buffer that fills up before the end gives way to the next.</summary>
    internal NodeRound Round { get; private set; }

    internal string AssignmentId => _ticket.AssignmentId;

    internal string Role => _ticket.Role;

    /// <summary>Copies payload bytes into the slot and checks them while they are in the cache. Nothing after a failure.</summary>
    public void Append(in ReadOnlySequence<byte> data)
    {
        if (Failure is not null)
        {
            return;
        }

        if (data.Length > _lease.Length - _written)
        {
            Fail(UploadOutcome.LengthMismatch, $"The stream carries more than the {_lease.Length} bytes that its header announces.");
            return;
        }

        Span<byte> slot = _lease.Span;
        foreach (ReadOnlyMemory<byte> segment in data)
        {
            segment.Span.CopyTo(slot[_written..]);
            _written += segment.Length;
        }

        _inspector.Advance(slot, _written);
        if (_inspector.FrameFault != FrameFault.None)
        {
            Fail(UploadOutcome.BadFrame, $"A section of the update is no good frame: {_inspector.FrameFault}; make it with the SDK of this server's version.");
        }
        else if (!_inspector.IsFinite)
        {
            Fail(UploadOutcome.NotFinite, $"The update has a NaN or an infinity in its first {_written} bytes; train again with a smaller learning rate.");
        }
    }

    /// <summary>The stream has ended: checks the whole, stores it, and tells the tier.</summary>
    public async ValueTask<UploadResult> CompleteAsync()
    {
        UploadResult result = Failure ?? Check() ?? await _ingest.StoreAsync(this, Describe, _lease, _written, _inspector.Checksum, _started);
        _isStored = result.Outcome == UploadOutcome.Stored;
        return result;
    }

    /// <summary>Frees the slot and the claim unless the update was stored.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!_isStored)
        {
            _lease.Dispose();
            Round.Updates.Unclaim(AssignmentId);
        }

        _ingest.SessionEnded(isStored: _isStored);
    }

    /// <summary>Moves the upload and its claim to another round.</summary>
    internal void MoveTo(NodeRound round)
    {
        Round.Updates.Unclaim(AssignmentId);
        Round = round;
    }

    private UpdateCommitted Describe(string nodeId) => new(
        Round.Plan.Key, _ticket.AssignmentId, _ticket.DeviceId, nodeId, string.Empty, _written, _inspector.Checksum, _header.Weight,
        checked((int)_header.LocalSteps), _header.TrainingLoss, _header.TrainingSeconds, _inspector.Norm, _ticket.Role)
    {
        Compression = CompressionFigures.Of(_header.Compression),
    };

    private UploadResult? Check()
    {
        if (_written != _lease.Length)
        {
            return new UploadResult(
                UploadOutcome.LengthMismatch,
                $"The stream ended after {_written} of the {_lease.Length} bytes that its header announces; send the update again from its beginning.");
        }

        if (_inspector.Checksum != _header.Checksum)
        {
            return new UploadResult(
                UploadOutcome.ChecksumMismatch,
                $"The payload has the checksum {_inspector.Checksum:x16}, its header says {_header.Checksum:x16}; send the update again.");
        }

        // A device that clips to the very bound may be above it by a rounding.
        if (_ticket.MaxNorm > 0 && _inspector.Norm > _ticket.MaxNorm * (1 + 1e-6))
        {
            return new UploadResult(
                UploadOutcome.NormExceeded,
                $"The update has the norm {_inspector.Norm:G6}, the ticket allows {_ticket.MaxNorm:G6}; clip it or drop it.");
        }

        return _ticket.Kind == TaskKind.Statistics
            && StatisticsFault.Find(_ticket.Sections, _lease.Span[.._written], _header.Weight) is { } fault
            ? new UploadResult(UploadOutcome.ImpossibleStatistics, fault)
            : null;
    }

    private void Fail(UploadOutcome outcome, string message) => Failure = new UploadResult(outcome, message);
}
