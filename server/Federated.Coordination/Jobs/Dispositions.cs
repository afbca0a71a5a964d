using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>Puts what became of an assignment into the words of the protocol.</summary>
internal static class Dispositions
{
    public static UpdateDisposition Of(Assignment assignment, int modelVersion) => assignment.State switch
    {
        AssignmentState.Counted => Counted(assignment.Id, modelVersion),
        AssignmentState.Discarded => Discarded(assignment.Id, assignment.Reason),
        _ when assignment.MayBeLost => new UpdateDisposition
        {
            AssignmentId = assignment.Id,
            Kind = DispositionKind.Resend,
            Reason = "The server or the update's node was lost while the round was open, and the update is not held any more.",
            Gateway = assignment.Gateway,
        },
        _ => new UpdateDisposition { AssignmentId = assignment.Id, Kind = DispositionKind.Pending },
    };

    public static UpdateDisposition Of(AssignmentRecord record) => record.Disposition switch
    {
        AssignmentDisposition.Counted => Counted(record.AssignmentId, record.ModelVersion ?? 0),
        AssignmentDisposition.Discarded => Discarded(record.AssignmentId, record.Reason),
        _ => new UpdateDisposition { AssignmentId = record.AssignmentId, Kind = DispositionKind.Pending },
    };

    public static UpdateDisposition Unknown(string assignmentId) =>
        new() { AssignmentId = assignmentId, Kind = DispositionKind.Unknown };

    private static UpdateDisposition Counted(string id, int modelVersion) =>
        new() { AssignmentId = id, Kind = DispositionKind.Counted, ModelVersion = (uint)modelVersion };

    private static UpdateDisposition Discarded(string id, string? reason) =>
        new() { AssignmentId = id, Kind = DispositionKind.Discarded, Reason = reason ?? "" };
}
