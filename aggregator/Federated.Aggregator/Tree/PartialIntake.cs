using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>
/// One admitted transfer: its bytes go from the transport straight into the sums of a function that is empty before, and that is merged
/// when they are complete. Ended without that, nothing has happened. Used by one flow of calls at a time.
/// </summary>
internal sealed class PartialIntake : TransferIntake
{
    private readonly MergeBoard _board;
    private readonly NodeFunctions _functions;
    private readonly PartialHeader _header;
    private readonly RoundKey _key;
    private readonly List<UpdateCommitted> _updates = [];
    private AggregationFunction? _function;
    private PartialReader? _reader;
    private string? _fault;
    private bool _isEnded;

    public PartialIntake(MergeBoard board, NodeFunctions functions, RoundPlan plan, PartialHeader header)
    {
        _board = board;
        _functions = functions;
        _header = header;
        _key = plan.Key;
        if (header.Included > 0)
        {
            _function = functions.Registry.Rent(plan.Sections);
            _reader = _function.BeginRead();
        }
    }

    public override void Append(UpdateClaims claims) => _updates.AddRange(PartialNames.UpdatesOf(_key, claims));

    public override void Append(ReadOnlySpan<byte> data)
    {
        if (_fault is not null)
        {
            return;
        }

        try
        {
            if (_reader is null)
            {
                throw new InvalidDataException("The header says that no update is in the partial, and there are bytes.");
            }

            _reader.Append(data);
        }
        catch (InvalidDataException exception)
        {
            _fault = exception.Message;
        }
    }

    public override async Task<TransferResult> CompleteAsync()
    {
        if (Fault() is { } fault)
        {
            return new TransferResult(TransferOutcome.Damaged, fault);
        }

        _isEnded = true;
        AggregationFunction? function = _function;
        _function = null;
        _functions.Metrics.Transferred((long)_header.ByteLength, isSent: false);
        string? refusal = await _board.MergeAsync(_header.NodeId, _header.PartialId, _updates, function);
        return refusal is null ? new TransferResult(TransferOutcome.Merged) : new TransferResult(TransferOutcome.Refused, refusal);
    }

    public override void Dispose()
    {
        if (!_isEnded)
        {
            _isEnded = true;
            _board.Unclaim(_header.NodeId);
            if (_function is not null)
            {
                _functions.Registry.Return(_function);
                _function = null;
                _reader = null;
            }
        }
    }

    private string? Fault()
    {
        if (_fault is not null)
        {
            return _fault;
        }

        if (_reader is { IsComplete: false })
        {
            return $"The transfer ended before the {_header.ByteLength} bytes that its header announces.";
        }

        if ((ulong)_updates.Count != _header.Included || (_function is not null && _function.Count != _updates.Count))
        {
            return $"The header announces {_header.Included} updates, {_updates.Count} are claimed, {_function?.Count ?? 0} are in the sums.";
        }

        // Each node adds its weights in its own order; what differs by more than that is another set of updates.
        double claimed = _updates.Sum(update => update.Weight);
        return _function is not null && Math.Abs(claimed - _function.TotalWeight) > 1e-9 * Math.Max(1, claimed)
            ? $"The claims weigh {claimed}, the sums {_function.TotalWeight}."
            : null;
    }
}
