using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Tree;

/// <summary>The names and claims of partials in the messages of the transfer.</summary>
public static class PartialNames
{
    /// <summary>Claims in one message of a transfer.</summary>
    public const int ClaimsPerMessage = 256;

    /// <summary>Which round, of which writer, in which tree.</summary>
    public static FetchRequest RequestOf(RoundKey key, ulong writerEpoch, int revision)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new FetchRequest
        {
            TenantId = key.TenantId,
            JobId = key.JobId,
            Round = (uint)key.Round,
            Kind = key.Kind,
            WriterEpoch = writerEpoch,
            Revision = (uint)revision,
        };
    }

    /// <summary>The round of a request.</summary>
    public static RoundKey KeyOf(FetchRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return new RoundKey(request.TenantId, request.JobId, checked((int)request.Round), request.Kind);
    }

    /// <summary>The claims of updates, in messages of a bounded size.</summary>
    public static IEnumerable<UpdateClaims> ClaimsOf(IReadOnlyList<UpdateCommitted> included, IReadOnlyList<string> lost)
    {
        ArgumentNullException.ThrowIfNull(included);
        ArgumentNullException.ThrowIfNull(lost);
        foreach (UpdateCommitted[] some in included.Chunk(ClaimsPerMessage))
        {
            var claims = new UpdateClaims();
            claims.Included.AddRange(some.Select(ClaimOf));
            yield return claims;
        }

        foreach (string[] some in lost.Chunk(ClaimsPerMessage))
        {
            var claims = new UpdateClaims();
            claims.Lost.AddRange(some);
            yield return claims;
        }
    }

    /// <summary>The updates that claims name.</summary>
    public static IEnumerable<UpdateCommitted> UpdatesOf(RoundKey key, UpdateClaims claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        return claims.Included.Select(claim => new UpdateCommitted(
            key, claim.AssignmentId, claim.DeviceId, claim.NodeId, claim.SlotKey, checked((long)claim.Length), claim.Checksum, claim.Weight,
            checked((int)claim.LocalSteps), claim.TrainingLoss, claim.TrainingSeconds, claim.Norm, claim.Role)
        {
            Compression = CompressionFigures.Of(claim.Compression),
        });
    }

    internal static PartialHeader HeaderOf(RoundOpened opened, string partialId, string nodeId, NodePartial partial) => new()
    {
        Round = RequestOf(opened.Plan.Key, opened.Plan.WriterEpoch, opened.Tree.Revision),
        PlanHash = opened.Tree.Hash,
        PartialId = partialId,
        NodeId = nodeId,
        Included = (ulong)partial.Included.Count,
        TotalWeight = partial.Function?.TotalWeight ?? 0,
        ByteLength = (ulong)(partial.Function?.PartialBytes ?? 0),
    };

    private static UpdateClaim ClaimOf(UpdateCommitted update) => new()
    {
        AssignmentId = update.AssignmentId,
        DeviceId = update.DeviceId,
        NodeId = update.NodeId,
        SlotKey = update.SlotKey,
        Length = (ulong)update.Length,
        Checksum = update.Checksum,
        Weight = update.Weight,
        LocalSteps = (uint)update.LocalSteps,
        TrainingLoss = update.TrainingLoss,
        TrainingSeconds = update.TrainingSeconds,
        Norm = update.Norm,
        Role = update.Role,
        Compression = update.Compression?.ToReport(),
    };
}
