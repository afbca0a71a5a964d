using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Hierarchy;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>Carries partials between the nodes of one process.</summary>
public sealed class InProcessTransport : IPartialTransport
{
    private const int BufferBytes = 256 * 1024;

    private readonly Dictionary<string, TreeMember> _members = new(StringComparer.Ordinal);

    /// <summary>Adds a node; before any round.</summary>
    public void Add(string nodeId, TreeMember member) => _members.Add(nodeId, member);

    public async Task<TransferResult> SendAsync(TreeNode receiver, TransferHandover handover, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(receiver);
        ArgumentNullException.ThrowIfNull(handover);
        PartialAdmission admission = _members[receiver.NodeId].Transfers.Receive(handover.Header);
        if (admission.Intake is null)
        {
            return admission.Result;
        }

        using TransferIntake intake = admission.Intake;
        foreach (UpdateClaims claims in PartialNames.ClaimsOf(handover.Included, []))
        {
            intake.Append(claims);
        }

        if (handover.BeginWrite() is { } writer)
        {
            Copy(writer, intake.Append, cancellationToken);
        }

        return await intake.CompleteAsync();
    }

    public Task<TransferResult> FetchVerdictAsync(TreeNode top, FetchRequest request, ExchangeReader reader, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(top);
        ArgumentNullException.ThrowIfNull(reader);
        if (_members[top.NodeId].Transfers.FindVerdict(request) is not { } verdict)
        {
            return Task.FromResult(new TransferResult(TransferOutcome.NotReady, "The round is not judged yet."));
        }

        Copy(verdict.BeginWrite()!, reader.Append, cancellationToken);
        return Task.FromResult(new TransferResult(TransferOutcome.Merged));
    }

    private static void Copy(ITransferWriter writer, Action<ReadOnlySpan<byte>> sink, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[BufferBytes];
        for (int length = writer.Write(buffer); length > 0; length = writer.Write(buffer))
        {
            cancellationToken.ThrowIfCancellationRequested();
            sink(buffer.AsSpan(0, length));
        }
    }
}
