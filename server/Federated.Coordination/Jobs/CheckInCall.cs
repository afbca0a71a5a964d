using Federated.Coordination.Rounds;
using Federated.Protocol.V1;
using Google.Protobuf;

namespace Federated.Coordination.Jobs;

/// <summary>A check-in on its way to an answer. Answered exactly once; a second answer is dropped.</summary>
internal sealed class CheckInCall
{
    private readonly TaskCompletionSource<CheckInReply> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CheckInCall(
        DeviceIdentity device, DeviceTasks tasks, IReadOnlyList<string> held, DateTimeOffset waitUntil, uint inlineModelBytes = 0, string heldModel = "")
    {
        InlineModelBytes = inlineModelBytes;
        HeldModel = heldModel;
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

    /// <summary>The largest model file that is sent along.</summary>
    public uint InlineModelBytes { get; }

    /// <summary>The blob id of the model that the device has already; may be empty.</summary>
    public string HeldModel { get; }

    /// <summary>What the answer's model lies in, to be disposed when it has been sent; null when the answer has none.</summary>
    public ModelLease? Model { get; private set; }

    public Task<CheckInReply> Answer => _answer.Task;

    /// <summary>The assignment that the call was answered with; null for a rejection and before.</summary>
    public string? AssignmentId { get; private set; }

    public void Assign(TaskAssignment assignment, ModelLease? model)
    {
        AssignmentId = assignment.AssignmentId;
        Model = model;
        var reply = new CheckInReply { Assignment = assignment };
        if (model is not null)
        {
            reply.Model = UnsafeByteOperations.UnsafeWrap(model.Bytes);
        }

        _answer.TrySetResult(reply);
    }

    /// <summary>The device shall take part in an exchange of scalars.</summary>
    public void Invite(string jobId) => _answer.TrySetResult(new CheckInReply { Exchange = new ExchangeInvitation { JobId = jobId } });

    public void Reject(RejectionReason reason, TimeSpan retryAfter) => _answer.TrySetResult(Rejections.Reply(reason, retryAfter));
}
