using Federated.Client.Compression;
using Federated.Client.Participation;
using Federated.Protocol.V1;

namespace Federated.Client.Sessions;

/// <summary>Words the events and hands them to the application.</summary>
internal sealed class DeviceEvents(Action<DeviceEvent> receive)
{
    public void Ready(string deviceId) =>
        receive(new DeviceEvent(DeviceEventKind.Ready, $"Ready as device {deviceId}."));

    public void Waiting(Rejection rejection, TimeSpan delay) =>
        receive(new DeviceEvent(
            DeviceEventKind.Waiting, FormattableString.Invariant($"No task ({Word(rejection)}); next check-in in {delay.TotalSeconds:0.#} s."))
        {
            Delay = delay,
        });

    public void Assigned(TaskAssignment task) => Send(DeviceEventKind.Assigned, task, $"{Name(task)} assigned.");

    public void Downloading(long done, long total) =>
        receive(new DeviceEvent(DeviceEventKind.Downloading, FormattableString.Invariant($"Downloaded {done} of {total} bytes."))
        {
            BytesDone = done,
            BytesTotal = total,
        });

    public void Working(TaskAssignment task) => Send(DeviceEventKind.Working, task, $"{Name(task)}: working.");

    /// <param name="task">The task.</param>
    /// <param name="steps">Steps taken.</param>
    /// <param name="loss">Their mean loss.</param>
    /// <param name="stopped">Why the work ended early; empty when it did not.</param>
    public void Trained(TaskAssignment task, int steps, double loss, string stopped) =>
        Send(
            DeviceEventKind.Worked,
            task,
            FormattableString.Invariant($"{Name(task)}: trained {steps} steps, loss {loss:0.0000}{(stopped.Length > 0 ? $"; stopped: {stopped}" : "")}."),
            loss);

    /// <param name="task">The task.</param>
    /// <param name="denseBytes">Bytes of the update before.</param>
    /// <param name="encoded">The update as it is sent.</param>
    public void Compressed(TaskAssignment task, long denseBytes, in EncodedUpdate encoded) =>
        receive(new DeviceEvent(
            DeviceEventKind.Compressed,
            FormattableString.Invariant($"{Name(task)}: compressed from {denseBytes} to {encoded.Length} bytes; contraction {encoded.Contraction:0.0000}, error norm {encoded.ErrorNorm:0.####}."))
        {
            JobId = task.JobId,
            Round = (int)task.Round,
            BytesDone = encoded.Length,
            BytesTotal = denseBytes,
            Contraction = encoded.Contraction,
            ErrorNorm = encoded.ErrorNorm,
            Saturated = encoded.Saturated,
        });

    public void Resting(ParticipationDecision decision, DateTimeOffset now) =>
        receive(new DeviceEvent(
            DeviceEventKind.Resting,
            decision.AskAgainAt is { } at
                ? FormattableString.Invariant($"Does not take part now: {decision.Reason}; asked again in {Math.Max(0, (at - now).TotalSeconds):0.#} s.")
                : $"Does not take part now: {decision.Reason}.")
        {
            Delay = decision.AskAgainAt is { } time && time > now ? time - now : TimeSpan.Zero,
        });

    public void Evaluated(TaskAssignment task, double loss, double accuracy) =>
        Send(
            DeviceEventKind.Worked,
            task,
            FormattableString.Invariant($"{Name(task)}: loss {loss:0.0000}, accuracy {accuracy:0.0000}."),
            loss,
            accuracy);

    public void Summed(TaskAssignment task, double examples) =>
        Send(DeviceEventKind.Worked, task, FormattableString.Invariant($"{Name(task)}: {examples} examples summed."));

    public void Uploading(UpdateTicket ticket, long done, long total) =>
        receive(About(ticket, DeviceEventKind.Uploading, FormattableString.Invariant($"Uploaded {done} of {total} bytes.")) with
        {
            BytesDone = done,
            BytesTotal = total,
        });

    public void Stored(UpdateTicket ticket) => receive(About(ticket, DeviceEventKind.Stored, $"{Name(ticket)}: the server holds the update."));

    public void Counted(UpdateTicket ticket, uint version) =>
        receive(About(ticket, DeviceEventKind.Counted, $"{Name(ticket)}: counted, model version {version}.") with
        {
            ModelVersion = (int)version,
        });

    public void Discarded(UpdateTicket ticket, string reason) =>
        receive(About(ticket, DeviceEventKind.Discarded, $"{Name(ticket)}: discarded: {reason}"));

    public void Resending(UpdateTicket ticket, string reason) =>
        receive(About(ticket, DeviceEventKind.Resending, $"{Name(ticket)}: sent again: {reason}"));

    public void TaskFailed(TaskAssignment task, string kind, string message) =>
        Send(DeviceEventKind.TaskFailed, task, $"{Name(task)} given up ({kind}): {message}");

    public void Retrying(string failure, TimeSpan delay) =>
        receive(new DeviceEvent(
            DeviceEventKind.Retrying, FormattableString.Invariant($"{failure} Next try in {delay.TotalSeconds:0.#} s."))
        {
            Delay = delay,
        });

    public void JoinedExchange(JoinExchangeReply join, uint round) =>
        receive(new DeviceEvent(
            DeviceEventKind.Exchanging,
            FormattableString.Invariant($"Takes part in an exchange of {join.Rounds} rounds as machine {join.Machine}; it starts with the state before round {round}, round {join.Round} is open."))
        {
            Round = (int)round,
        });

    public void Exchanged(JoinExchangeReply join, StateReport report) =>
        receive(new DeviceEvent(
            DeviceEventKind.Exchanging, FormattableString.Invariant($"Exchange: {report.Round} of {join.Rounds} rounds, loss {report.MeanLoss:0.0000}."))
        {
            Round = (int)report.Round,
            Loss = report.MeanLoss,
            StateHash = Convert.ToHexStringLower(report.Sha256.Span),
        });

    public void JobEnded(string message) =>
        receive(new DeviceEvent(DeviceEventKind.JobEnded, message.Length > 0 ? message : "The job has ended."));

    private void Send(DeviceEventKind kind, TaskAssignment task, string text, double loss = double.NaN, double accuracy = double.NaN) =>
        receive(new DeviceEvent(kind, text)
        {
            JobId = task.JobId,
            Round = (int)task.Round,
            Loss = loss,
            Accuracy = accuracy,
        });

    private static DeviceEvent About(UpdateTicket ticket, DeviceEventKind kind, string text) =>
        new(kind, text) { JobId = ticket.JobId, Round = (int)ticket.Round };

    private static string Name(TaskAssignment task) => Name(task.Kind, task.Round);

    private static string Name(UpdateTicket ticket) => Name(ticket.Kind, ticket.Round);

    private static string Name(TaskKind kind, uint round) => kind switch
    {
        TaskKind.Train => $"Round {round}",
        TaskKind.Evaluate => $"Evaluation of version {round}",
        TaskKind.Statistics => $"Statistics of version {round}",
        _ => $"Task of round {round}",
    };

    private static string Word(Rejection rejection) => rejection.Message.Length > 0 ? rejection.Message : rejection.Reason.ToString();
}
