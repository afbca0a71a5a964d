using Federated.Aggregation.Robust.Hierarchy;
using Federated.Aggregator.Exchange;
using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>Takes a message of the two passes. Its data begins when its claims are complete, because they say how much may come.</summary>
internal sealed class ExchangeIntake(NodeExchange exchange, NodeFunctions functions, RoundKey key, PartialHeader header) : TransferIntake
{
    private readonly ExchangeKind _kind = (ExchangeKind)header.Exchange;
    private readonly List<UpdateCommitted> _updates = [];
    private ExchangeReader? _reader;
    private string? _fault;
    private bool _isEnded;

    public override void Append(UpdateClaims claims)
    {
        if (_updates.Count + claims.Included.Count > exchange.Plan.Round.MostUpdates)
        {
            _fault ??= $"The message is about more than the {exchange.Plan.Round.MostUpdates} updates of the round.";
            return;
        }

        _updates.AddRange(PartialNames.UpdatesOf(key, claims));
    }

    public override void Append(ReadOnlySpan<byte> data)
    {
        if (_fault is not null)
        {
            return;
        }

        try
        {
            _reader ??= exchange.ReaderOf(_kind, _updates);
            _reader.Append(data);
        }
        catch (InvalidDataException exception)
        {
            _fault = exception.Message;
        }
    }

    public override Task<TransferResult> CompleteAsync()
    {
        if (_fault is null && (_reader is not { IsComplete: true } || (ulong)_updates.Count != header.Included))
        {
            _fault = $"The message ended before the {header.ByteLength} bytes and {header.Included} updates that its header announces.";
        }

        if (_fault is not null)
        {
            return Task.FromResult(new TransferResult(TransferOutcome.Damaged, _fault));
        }

        _isEnded = true;
        functions.Metrics.Transferred((long)header.ByteLength, isSent: false);
        exchange.Take(new ExchangeMessage(_kind, header.NodeId, _updates, _reader!.Blocks));
        return Task.FromResult(new TransferResult(TransferOutcome.Merged));
    }

    public override void Dispose()
    {
        if (!_isEnded)
        {
            _isEnded = true;
            exchange.InboxOf(_kind)!.Unclaim(header.NodeId);
        }
    }
}
