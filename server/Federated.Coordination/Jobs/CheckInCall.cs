using Federated.Coordination.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>A check-in on its way to an answer. Answered exactly once; a second answer is dropped.</summary>
internal sealed class CheckInCall
{
    private readonly TaskCompletionSource<CheckInReply> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CheckInCall(DeviceIdentity device, DeviceTasks tasks, IReadOnlyList<string> held, DateTimeOffset waitUntil)
    {
        Device = device;
        Tasks = tasks;
        Held = held;
        WaitUntil = waitUntil;
    }

    /// <summary>Given by the coordinator that takes the call.</summary>
    public long Id { get; set; }

    public DeviceIdentity Device { get; }

    public DeviceTasks Tasks { get; }

    /// <summary>Assignments whose bytes the device holds.</summary>
    public IReadOnlyList<string> Held { get; }

    public DateTimeOffset WaitUntil { get; }

    public Task<CheckInReply> Answer => _answer.Task;

    /// <summary>The assignment that the call was answered with; null for a rejection and before.</summary>
    public string? AssignmentId { get; private set; }

    public void Assign(TaskAssignment assignment)
    {
        AssignmentId = assignment.AssignmentId;
        _answer.TrySetResult(new CheckInReply { Assignment = assignment });
    }

    /// <summary>The device shall take part in an exchange of scalars.</summary>
    public void Invite(string jobId) => _answer.TrySetResult(new CheckInReply { Exchange = new ExchangeInvitation { JobId = jobId } });

    public void Reject(RejectionReason reason, TimeSpan retryAfter) => _answer.TrySetResult(Rejections.Reply(reason, retryAfter));
}
