using Federated.Aggregation.Robust.Hierarchy;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>What others hand a node for its rounds, and what they fetch from it.</summary>
public sealed class TreeTransfers
{
    private readonly AggregatorNode _node;
    private readonly MemberRounds _rounds;

    internal TreeTransfers(AggregatorNode node, MemberRounds rounds)
    {
        _node = node;
        _rounds = rounds;
    }

    /// <summary>Judges the header of a transfer from a child.</summary>
    public PartialAdmission Receive(PartialHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        RoundKey key = PartialNames.KeyOf(header.Round);
        MemberRound? round = _rounds.Find(key);
        int order = round?.CompareTo(header.Round.WriterEpoch, (int)header.Round.Revision) ?? -1;
        if (order < 0 && !_rounds.Ended.Has(key, header.Round.WriterEpoch))
        {
            return PartialAdmission.Ended(TransferOutcome.NotReady, $"Round {key} is not open in this tree at node {_node.NodeId} yet.");
        }

        if (order != 0 || header.PlanHash != round!.Opened.Tree.Hash)
        {
            return PartialAdmission.Ended(TransferOutcome.Refused, $"The partial is of another tree or writer of round {key}.");
        }

        if (header.Exchange != 0)
        {
            return ReceiveMessage(round, header);
        }

        return round.Board.Claim(header.NodeId, header.PartialId) switch
        {
            ChildClaim.Expected => new PartialAdmission(new PartialIntake(round.Board, _node.Functions, round.Opened.Plan, header), default),
            ChildClaim.Merged => PartialAdmission.Ended(TransferOutcome.AlreadyMerged),
            ChildClaim.InProgress => PartialAdmission.Ended(TransferOutcome.NotReady, "Another transfer of the partial is running."),
            _ => PartialAdmission.Ended(
                TransferOutcome.Refused, $"Node {header.NodeId} is no child of node {_node.NodeId} in round {key}, or another partial of it is merged."),
        };
    }

    private PartialAdmission ReceiveMessage(MemberRound round, PartialHeader header)
    {
        return round.Exchange?.InboxOf((ExchangeKind)header.Exchange)?.Claim(header.NodeId) switch
        {
            ChildClaim.Expected => new PartialAdmission(new ExchangeIntake(round.Exchange, _node.Functions, round.Opened.Plan.Key, header), default),
            ChildClaim.Merged => PartialAdmission.Ended(TransferOutcome.AlreadyMerged),
            ChildClaim.InProgress => PartialAdmission.Ended(TransferOutcome.NotReady, "Another transfer of the message is running."),
            _ => PartialAdmission.Ended(TransferOutcome.Refused, $"Node {_node.NodeId} expects no message of kind {header.Exchange} from node {header.NodeId} in round {round.Opened.Plan.Key}."),
        };
    }

    /// <summary>What a node needs to carry the decision of a round out whose top is here; null before the round is judged.</summary>
    public TransferHandover? FindVerdict(FetchRequest request) => _rounds.Find(request)?.Verdicts?.GetValueOrDefault(request.NodeId);

    /// <summary>The aggregate of a round whose top is here; null when it is not ready, or of another tree or writer.</summary>
    public TransferHandover? FindAggregate(FetchRequest request) => _rounds.Find(request) is { Self.Parent: null } round ? round.Result : null;

    /// <summary>The same, divided, for those in the same process.</summary>
    public ClosedRound? Report(FetchRequest request) =>
        _rounds.Find(request)?.Closed ?? (FindAggregate(request) as PartialHandover)?.Report(_node.Functions);

    /// <summary>Gives a reader the updates of this node that the server wants one by one; they stay in place meanwhile.</summary>
    /// <returns>False when they are not there: the round is not closed, or not open in this tree.</returns>
    public async Task<bool> ReadKeptAsync(FetchRequest request, Func<TransferHandover, CancellationToken, Task> read, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(read);
        if (_rounds.Find(request) is not { Kept: { } kept } round || !round.TryBeginReading())
        {
            return false;
        }

        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, round.Over);
            await read(kept, either.Token);
            return true;
        }
        finally
        {
            round.EndReading();
        }
    }

    /// <summary>What the node holds of a round now, and what it has lost; null when the round is not open in this tree.</summary>
    public ReopenedRound? FindRecovery(FetchRequest request) => _rounds.Find(request) is { } round ? _node.HoldingsOf(round.Opened.Plan.Key) : null;

    /// <summary>The children that a round waits for here; empty when the node does not have the round.</summary>
    public IReadOnlyList<string> MissingChildren(RoundKey key) => _rounds.Find(key)?.Board.Missing ?? [];
}
