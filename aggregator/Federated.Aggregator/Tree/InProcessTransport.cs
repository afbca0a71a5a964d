using Federated.Aggregation.Accumulators;
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

    public async Task<TransferResult> SendAsync(TreeNode parent, PartialHandover partial, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(parent);
        ArgumentNullException.ThrowIfNull(partial);
        PartialAdmission admission = _members[parent.NodeId].Receive(partial.Header);
        if (admission.Intake is null)
        {
            return admission.Result;
        }

        using PartialIntake intake = admission.Intake;
        foreach (UpdateClaims claims in PartialNames.ClaimsOf(partial.Included, []))
        {
            intake.Append(claims);
        }

        if (partial.BeginWrite() is { } writer)
        {
            Copy(writer, intake, cancellationToken);
        }

        return await intake.CompleteAsync();
    }

    private static void Copy(PartialWriter writer, PartialIntake intake, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[BufferBytes];
        for (int length = writer.Write(buffer); length > 0; length = writer.Write(buffer))
        {
            cancellationToken.ThrowIfCancellationRequested();
            intake.Append(buffer.AsSpan(0, length));
        }
    }
}
