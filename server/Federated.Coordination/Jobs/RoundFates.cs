using System.Diagnostics.CodeAnalysis;
using Federated.Coordination.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>What became of the assignments of a round that has ended.</summary>
internal sealed class RoundFates
{
    private readonly Dictionary<string, (string DeviceId, UpdateDisposition Disposition)> _byId;

    private RoundFates(Dictionary<string, (string DeviceId, UpdateDisposition Disposition)> byId) => _byId = byId;

    /// <summary>Takes the final states of those assignments down that have one, before the machine forgets them.</summary>
    public static RoundFates Of(IEnumerable<Assignment> assignments, int modelVersion) => new(assignments
        .Where(assignment => assignment.State is AssignmentState.Counted or AssignmentState.Discarded)
        .ToDictionary(
            assignment => assignment.Id,
            assignment => (assignment.DeviceId, Dispositions.Of(assignment, modelVersion)),
            StringComparer.Ordinal));

    public bool TryFind(string assignmentId, [NotNullWhen(true)] out string? deviceId, [NotNullWhen(true)] out UpdateDisposition? disposition)
    {
        bool isKnown = _byId.TryGetValue(assignmentId, out (string DeviceId, UpdateDisposition Disposition) entry);
        (deviceId, disposition) = entry;
        return isKnown;
    }
}
