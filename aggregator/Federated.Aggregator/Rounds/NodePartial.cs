using Federated.Aggregator.Functions;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Aggregator.Rounds;

/// <summary>All that a node, or a node with those below it, contributes to a round: exact sums, not divided yet.</summary>
/// <param name="Included">The updates in the sums: exactly these, each once.</param>
/// <param name="Function">The sums; null when there is no update. They belong to the round.</param>
internal sealed record NodePartial(IReadOnlyList<UpdateCommitted> Included, AggregationFunction? Function)
{
    /// <summary>The division, once.</summary>
    public ClosedRound Report(NodeFunctions functions)
    {
        if (Function is null)
        {
            return new ClosedRound([], Included);
        }

        long started = functions.Time.GetTimestamp();
        Function.Role = TreeRole.Top;
        var closed = new ClosedRound(Function.Report(), Included);
        functions.Metrics.Aggregated(TreeRole.Top, 1, functions.Time.GetElapsedTime(started));
        return closed;
    }
}
