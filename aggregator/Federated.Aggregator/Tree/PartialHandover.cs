using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>A partial that can be read as often as it has to be sent. The sums stay with the round.</summary>
public sealed class PartialHandover
{
    private readonly NodePartial _partial;

    internal PartialHandover(PartialHeader header, NodePartial partial)
    {
        Header = header;
        _partial = partial;
    }

    /// <summary>What is sent first.</summary>
    public PartialHeader Header { get; }

    /// <summary>The updates in the sums.</summary>
    public IReadOnlyList<UpdateCommitted> Included => _partial.Included;

    /// <summary>The bytes from their beginning; null when there is no update.</summary>
    public PartialWriter? BeginWrite() => _partial.Function?.BeginWrite();

    internal ClosedRound Report(NodeFunctions functions) => _partial.Report(functions);
}
