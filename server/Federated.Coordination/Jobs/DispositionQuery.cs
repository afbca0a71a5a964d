using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>A device's question about updates of one job.</summary>
internal sealed class DispositionQuery
{
    private readonly TaskCompletionSource<IReadOnlyDictionary<string, UpdateDisposition>> _answer =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    public DispositionQuery(string deviceId, IReadOnlyList<string> assignmentIds, bool waits)
    {
        DeviceId = deviceId;
        AssignmentIds = assignmentIds;
        Waits = waits;
    }

    public string DeviceId { get; }

    public IReadOnlyList<string> AssignmentIds { get; }

    /// <summary>Whether to answer only when something is final or to be sent again.</summary>
    public bool Waits { get; }

    /// <summary>By assignment id; ids that the coordinator does not remember are missing.</summary>
    public Task<IReadOnlyDictionary<string, UpdateDisposition>> Answer => _answer.Task;

    public void Reply(IReadOnlyDictionary<string, UpdateDisposition> known) => _answer.TrySetResult(known);
}
