using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Jobs;

/// <summary>Brings what devices, nodes and owners say to the state machine of a job's rounds. Runs in the loop of the job's coordinator.</summary>
internal sealed class JobMessageHandler(CoordinatedJob job, JobCommands commands, CheckInCalls calls, DispositionBoard board, ILogger logger)
{
    /// <summary>Does what a message asks for.</summary>
    public async Task HandleAsync(JobMessage message, CancellationToken stop)
    {
        RoundStateMachine machine = job.Machine;
        switch (message)
        {
            case JobMessage.CheckedIn(var call):
                TakeCheckIn(call);
                break;
            case JobMessage.Left(var call):
                machine.Leave(call.Device.DeviceId, call.Id);
                calls.Remove(call);
                if (call.AssignmentId is { } undelivered)
                {
                    const string Why = "The device had gone when its task was ready.";
                    await TakeFailureAsync(undelivered, call.Device.DeviceId, ErrorKinds.DroppedOut, Why, stop);
                }

                break;
            case JobMessage.Stored(var update):
                TakeStored(update);
                break;
            case JobMessage.Lost(var key, var assignmentIds):
                TakeLoss(key, assignmentIds);
                break;
            case JobMessage.Failed(var device, var report, var done):
                await TakeFailureAsync(report.AssignmentId, device.DeviceId, report.Kind, report.Message, stop);
                done.TrySetResult(true);
                break;
            case JobMessage.Asked(var query):
                board.Ask(query, machine);
                break;
            case JobMessage.AskedEnough(var query):
                board.AskedEnough(query, machine);
                break;
            case JobMessage.Revoked(var deviceId):
                machine.RejectDevice(deviceId, RejectionReason.Unavailable, TimeSpan.FromHours(1));
                if (machine.FindOf(deviceId) is { } held)
                {
                    await TakeFailureAsync(held.Id, deviceId, ErrorKinds.DroppedOut, "The device was revoked.", stop);
                }

                job.Leave(deviceId);
                break;
            case JobMessage.ChangeStatus(var status, var done):
                await commands.ChangeStatusAsync(status, stop);
                done.TrySetResult(JobCommandOutcome.Done);
                break;
            case JobMessage.RollBack(var version, var done):
                done.TrySetResult(await commands.RollBackAsync(version, stop));
                break;
            default:
                machine.Tick(job.Now);
                break;
        }
    }

    /// <summary>A device asks for a task: it waits, unless it has to hear something at once.</summary>
    public void TakeCheckIn(CheckInCall call)
    {
        Assignment? held = job.Machine.FindOf(call.Device.DeviceId);
        if (held is not null && !call.Held.Contains(held.Id, StringComparer.Ordinal))
        {
            held = null;
        }

        if (held is { MayBeLost: true })
        {
            // The device waits for the next round, and the round waits for the device: it has to hear at once that it must send again.
            call.Reject(RejectionReason.NoWork, TimeSpan.Zero);
            return;
        }

        if (held is null && job.Demands.Excludes(call.Tasks))
        {
            call.Reject(RejectionReason.Incapable, TimeSpan.FromMinutes(10));
            return;
        }

        calls.Add(call);
        var candidate = new Candidate(
            call.Id, call.Device.DeviceId, call.Device.ClientIndex, job.Demands.Within(call.Tasks), call.WaitUntil, held?.Id);
        job.Machine.CheckIn(candidate, job.Now);
    }

    private void TakeStored(UpdateCommitted update)
    {
        if (update.Key == job.Machine.Key && job.Machine.Stored(update.AssignmentId, job.Now) == StoredOutcome.Unknown)
        {
            logger.UnknownUpdate(update.Key, update.AssignmentId);
        }
    }

    private void TakeLoss(RoundKey round, IReadOnlyList<string> assignmentIds)
    {
        if (round != job.Machine.Key)
        {
            return;
        }

        IReadOnlyList<Assignment> lost = job.Machine.Lost(assignmentIds, job.Now);
        foreach (Assignment assignment in lost)
        {
            job.Place(assignment);
        }

        logger.UpdatesLost(round, lost.Count);
        board.Changed(job.Machine);
    }

    private async Task TakeFailureAsync(
        string assignmentId, string deviceId, string kind, string message, CancellationToken stop)
    {
        DateTimeOffset now = job.Now;
        RoundKey? round = job.Machine.Key;
        string text = message.Length > 2000 ? message[..2000] : message;
        if (round is null || job.Machine.Failed(assignmentId, deviceId, kind, text, now) != FailureOutcome.Accepted)
        {
            return;
        }

        logger.DeviceFailed(round, assignmentId, kind);
        FencedException.ThrowIf(await job.Services.Store.AddFailureAsync(
            job.Lease, new ClientFailureRecord(assignmentId, round with { Round = job.Machine.Find(assignmentId)!.Round }, deviceId, kind, text, now), stop));
    }
}
