using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol.Jobs;
using Federated.Protocol.OneByte;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Google.Protobuf;
using Microsoft.Extensions.Logging;

namespace Federated.Coordination.Exchange;

/// <summary>
/// The sequencer of a one-byte exchange, driven by the messages of its job's inbox. A round ends when every machine that is there has sent its bytes, when the cohort is full, or at
/// its deadline; then its record is written to the log, and everybody who waits gets it.
/// </summary>
internal sealed partial class ExchangeLoop : IDisposable
{
    private const int MostRecordBytes = 512 * 1024;
    private static readonly TimeSpan Linger = TimeSpan.FromSeconds(10);

    private readonly CoordinatedJob _job;
    private readonly ExchangeHistory _history;
    private readonly OneByteSequencer _sequencer;
    private readonly ILogger _logger;
    private readonly Dictionary<uint, ExchangeMember> _members = [];
    private readonly List<ExchangeCall> _waiting = [];
    private readonly RoundSettings _terms;
    private readonly int _goal;
    private readonly DateTimeOffset _gatherUntil;
    private WindowFigures _figures = new();
    private DateTimeOffset? _firstSent;
    private DateTimeOffset? _endedAt;

    private ExchangeLoop(CoordinatedJob job, ExchangeHistory history, ILogger logger)
    {
        _job = job;
        _history = history;
        _sequencer = new OneByteSequencer(history.Machine);
        _logger = logger;
        _terms = job.Record.Definition.Round;
        _goal = _terms.ReportGoal > 0 ? _terms.ReportGoal : _terms.CohortSize;
        _gatherUntil = job.Now + TimeSpan.FromSeconds(_terms.SelectionSeconds);
    }

    /// <summary>Whether nobody needs this coordinator any more: the job is over and everybody who took part has the whole log, or has had time to get it.</summary>
    public bool IsDone => !_job.IsActive
        && (_job.Record.Status != JobStatus.Completed || _job.Now >= _endedAt + Linger || _members.Values.All(member => member.HasEnded || !member.IsPresent));

    private OneByteMachine Machine => _history.Machine;

    private int Rounds => _job.Record.Definition.Rounds;

    private int Window => OneByteRun.WindowOf(_job.Record.Definition);

    /// <summary>Takes an exchange over where its log ends.</summary>
    public static async Task<ExchangeLoop> OpenAsync(CoordinatedJob job, JobSnapshot snapshot, ILogger logger, CancellationToken stop)
    {
        ExchangeHistory history = await ExchangeHistory.OpenAsync(job, snapshot, job.Services.Options.ExchangeFolder, stop);
        var loop = new ExchangeLoop(job, history, logger);
        loop.LogOpened(job.Key, history.Machine.Round, snapshot.Current.Version);
        if (history.IsCheckpointDue)
        {
            await loop.CloseWindowAsync(stop);
        }

        return loop;
    }

    public void Dispose()
    {
        foreach (ExchangeCall call in _waiting)
        {
            call.GiveUp();
        }

        _waiting.Clear();
        _history.Dispose();
    }

    public JobProgress Progress() => new(
        _job.Record.Status,
        RoundPhase.Reporting,
        new RoundKey(_job.Key.TenantId, _job.Key.JobId, (int)Machine.Round + 1, TaskKind.Train),
        _history.Current.Version,
        (int)Machine.Round,
        _waiting.Count,
        Math.Max(0, _goal - _members.Count),
        _members.Values.Count(member => member.IsPresent),
        _sequencer.Received,
        Deadline);

    /// <summary>When the loop wants a tick at the latest; null for never.</summary>
    public DateTimeOffset? Due
    {
        get
        {
            IEnumerable<DateTimeOffset?> times = _waiting.Select(call => (DateTimeOffset?)call.WaitUntil).Append(Deadline).Append(_endedAt + Linger);
            if (_firstSent is not null && _job.Now < _gatherUntil)
            {
                times = times.Append(_gatherUntil);
            }

            return times.Min();
        }
    }

    private DateTimeOffset? Deadline => _firstSent + TimeSpan.FromSeconds(_terms.DeadlineSeconds);

    public async Task HandleAsync(JobMessage message, CancellationToken stop)
    {
        switch (message)
        {
            case JobMessage.CheckedIn(var call):
                Invite(call);
                break;
            case JobMessage.JoinedExchange(var device, var done):
                done.TrySetResult(new(Join(device)));
                break;
            case JobMessage.Exchanged(var call):
                Take(call);
                break;
            case JobMessage.LeftExchange(var call):
                _waiting.Remove(call);
                if (_members.TryGetValue(call.Device.ClientIndex, out ExchangeMember? gone))
                {
                    gone.IsPresent = false;
                }

                break;
            case JobMessage.Revoked(var deviceId):
                Forget(deviceId);
                break;
            case JobMessage.Failed(_, _, var done):
                done.TrySetResult(true);
                break;
            case JobMessage.ChangeStatus(var status, var done):
                await SetStatusAsync(status, stop);
                done.TrySetResult(JobCommandOutcome.Done);
                break;
            case JobMessage.RollBack(var version, var done):
                done.TrySetResult(await RollBackAsync(version, stop));
                break;
            case JobMessage.Tick:
                break;
            default:
                message.Decline(RejectionReason.NoWork, TimeSpan.Zero);
                break;
        }

        await CloseRoundsAsync(stop);
        AnswerThoseWhoWaited();
    }

    // ---- Devices -----------------------------------------------------------------------------------------------------

    private void Invite(CheckInCall call)
    {
        if (!_job.IsActive)
        {
            call.Reject(RejectionReason.JobEnded, TimeSpan.Zero);
        }
        else if (!call.Tasks.HasFlag(DeviceTasks.Exchange))
        {
            call.Reject(RejectionReason.Incapable, TimeSpan.FromMinutes(10));
        }
        else if (_job.Record.Status == JobStatus.Paused)
        {
            call.Reject(RejectionReason.NoWork, TimeSpan.FromSeconds(5));
        }
        else
        {
            call.Invite(_job.Key.JobId);
        }
    }

    private JoinExchangeReply Join(DeviceIdentity device)
    {
        bool present = _members.GetValueOrDefault(device.ClientIndex)?.IsPresent == true;
        _members[device.ClientIndex] = new ExchangeMember(device.DeviceId, device.ClientIndex, Machine.Round / (uint)Window * (uint)Window) { IsPresent = present };
        return new JoinExchangeReply
        {
            Settings = ByteString.CopyFrom(Machine.Settings.ToBytes()),
            Machine = device.ClientIndex,
            Model = _history.Initial,
            Checkpoint = _history.Checkpoint,
            Seed = _job.Record.Definition.Seed,
            BatchSize = (uint)_job.Record.Definition.Local.BatchSize,
            Window = (uint)Window,
            Round = Machine.Round,
            Rounds = (uint)Rounds,
        };
    }

    private void Take(ExchangeCall call)
    {
        if (!_members.TryGetValue(call.Device.ClientIndex, out ExchangeMember? member))
        {
            call.Reply(ExchangeNext.Rejoin, "The server does not know the device as a member of this exchange.");
            return;
        }

        // A state that is not the run's, and a log that this one does not continue, are never worked with.
        ExchangeScalarsRequest request = call.Request;
        if (ExchangeRefusals.OfReport(request.State, member.Machine) is { } report)
        {
            call.Refuse(report.Kind, report.Message);
            return;
        }

        if (request.State is { } state && _history.StateBefore(state.Round) is { } known && !known.AsSpan().SequenceEqual(state.Sha256.Span))
        {
            LogOtherState(_job.Key, member.Machine, state.Round);
            Forget(member.DeviceId);
            call.Reply(ExchangeNext.Resync, $"The hash of the device's state before round {state.Round} is not the run's; take the checkpoint.");
            return;
        }

        if (!_history.Continues(request.Round, request.Previous))
        {
            call.Reply(ExchangeNext.Resync, $"The log does not continue one that ends with {request.Previous:x16} before round {request.Round}; the open round is {Machine.Round}.");
            return;
        }

        if (request.Gradients.Length > 0 && ExchangeRefusals.OfGradients(request, member, Machine.Settings.BytesPerMachine, Window, Rounds) is { } fault)
        {
            call.Refuse(fault.Kind, fault.Message);
            return;
        }

        if (request.State is { } reported)
        {
            member.CheckedRound = Math.Max(member.CheckedRound, reported.Round);
            _figures.Reported(reported.MeanLoss);
        }

        if (request.Gradients.Length > 0)
        {
            Offer(call, member);
        }

        member.HasEnded = request.Round == Rounds;
        _waiting.Add(call);
    }

    private void Offer(ExchangeCall call, ExchangeMember member)
    {
        GradientBytes sent = GradientBytes.Read(call.Request.Gradients.Span)!;
        OneByteVerdict verdict = _sequencer.Offer(sent);
        call.Verdict = verdict switch
        {
            OneByteVerdict.Taken => GradientVerdict.Taken,
            OneByteVerdict.Repeated => GradientVerdict.Repeated,
            OneByteVerdict.Late => GradientVerdict.Late,
            _ => throw new InvalidOperationException($"Gradients that continue the log were judged {verdict}."),
        };
        member.IsPresent = true;
        if (verdict == OneByteVerdict.Taken)
        {
            _firstSent ??= _job.Now;
            _figures.Sent(member.Machine, call.Request.Gradients.Length);
        }
    }

    private void Forget(string deviceId)
    {
        foreach (ExchangeMember member in _members.Values.Where(member => member.DeviceId == deviceId).ToArray())
        {
            _members.Remove(member.Machine);
            _sequencer.Withdraw(member.Machine);
        }
    }

    // ---- Rounds ------------------------------------------------------------------------------------------------------

    private async Task CloseRoundsAsync(CancellationToken stop)
    {
        if (!ShouldClose())
        {
            return;
        }

        foreach (ExchangeMember member in _members.Values.Where(member => member.IsPresent && !_sequencer.Has(member.Machine) && _job.Now >= Deadline))
        {
            member.IsPresent = false;
            _figures.Missed(member.Machine);
            LogMissed(_job.Key, member.Machine, Machine.Round);
        }

        RoundCommitment record = _sequencer.Propose();
        _history.Write(record);
        _sequencer.Commit(record);
        _history.Applied(record);
        _firstSent = null;
        if (_history.IsCheckpointDue)
        {
            await CloseWindowAsync(stop);
        }
    }

    private bool ShouldClose()
    {
        int received = _sequencer.Received;
        bool everybody = _members.Values.All(member => !member.IsPresent || _sequencer.Has(member.Machine));
        return _job.Record.Status == JobStatus.Running && Machine.Round < Rounds && received > 0
            && (received >= _goal
                || (received >= _terms.MinimumToClose && (_job.Now >= Deadline || (everybody && _job.Now >= _gatherUntil))));
    }

    private async Task CloseWindowAsync(CancellationToken stop)
    {
        bool last = Machine.Round >= Rounds;
        await _history.CloseWindowAsync(
            _figures.ToMetrics(), last ? JobStatus.Completed : _job.Record.Status, last ? "Every round is done." : _job.Record.StatusReason, stop);
        _figures = new WindowFigures();
        _endedAt = last ? _job.Now : null;
        LogCheckpoint(_job.Key, Machine.Round, _history.Current.Version);
    }

    private void AnswerThoseWhoWaited()
    {
        for (int i = _waiting.Count - 1; i >= 0; i--)
        {
            ExchangeCall call = _waiting[i];
            uint from = call.Request.Round;
            bool patient = call.Request.Gradients.Length > 0 && call.Verdict is GradientVerdict.Taken or GradientVerdict.Repeated;
            if (_job.IsActive && from == Machine.Round && patient && _job.Now < call.WaitUntil)
            {
                continue;
            }

            _waiting.RemoveAt(i);
            if (!_history.Continues(from, call.Request.Previous))
            {
                call.Reply(ExchangeNext.Resync, "The job was rolled back.");
                continue;
            }

            List<ReadOnlyMemory<byte>> records = _history.RecordsFrom(from, MostRecordBytes);
            _figures.Received(records.Sum(record => (long)record.Length));
            call.Reply(
                records.Count == 0 && !_job.IsActive ? ExchangeNext.Ended : ExchangeNext.Continue,
                _job.IsActive ? "" : _job.Record.StatusReason ?? "The job was stopped.",
                records);
        }
    }

    // ---- Administrators ----------------------------------------------------------------------------------------------

    private async Task SetStatusAsync(JobStatus status, CancellationToken stop)
    {
        if (_job.IsActive && _job.Record.Status != status)
        {
            await _job.SetStatusAsync(status, null, stop);
        }
    }

    private async Task<JobCommandOutcome> RollBackAsync(int version, CancellationToken stop)
    {
        if (!_job.IsActive)
        {
            return JobCommandOutcome.NotActive;
        }

        if (await _job.Services.Store.FindVersionAsync(_job.Key, version, stop) is not { } wanted || !await _history.RollBackAsync(wanted, stop))
        {
            return JobCommandOutcome.UnknownVersion;
        }

        foreach (ExchangeMember member in _members.Values)
        {
            _sequencer.Withdraw(member.Machine);
        }

        _members.Clear();
        _firstSent = null;
        _logger.RolledBack(_job.Key, version, _history.Current.Version);
        return JobCommandOutcome.Done;
    }
}
