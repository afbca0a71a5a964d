using System.Collections.Immutable;
using Federated.Coordination.Exchange;
using Federated.Coordination.Persistence;
using Federated.Protocol;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>What the inbox of a coordinator holds.</summary>
internal abstract record JobMessage
{
    /// <summary>The coordinator has ended before it dealt with the message; whoever waits for an answer gets one.</summary>
    /// <param name="reason">What a check-in is rejected with.</param>
    /// <param name="retryAfter">When it may come again.</param>
    public virtual void Decline(RejectionReason reason, TimeSpan retryAfter)
    {
    }

    /// <summary>A device is ready to work.</summary>
    public sealed record CheckedIn(CheckInCall Call) : JobMessage
    {
        public override void Decline(RejectionReason reason, TimeSpan retryAfter) => Call.Reject(reason, retryAfter);
    }

    /// <summary>The caller of a check-in has gone.</summary>
    public sealed record Left(CheckInCall Call) : JobMessage;

    /// <summary>The tier has stored an update.</summary>
    public sealed record Stored(UpdateCommitted Update) : JobMessage;

    /// <summary>The tier has lost updates, or the places where they were to go.</summary>
    public sealed record Lost(RoundKey Key, IReadOnlyList<string> AssignmentIds) : JobMessage;

    /// <summary>A device gives its task up.</summary>
    public sealed record Failed(DeviceIdentity Device, FailureReport Report, TaskCompletionSource<bool> Done) : JobMessage
    {
        public override void Decline(RejectionReason reason, TimeSpan retryAfter) => Done.TrySetResult(false);
    }

    /// <summary>A device asks what became of its updates.</summary>
    public sealed record Asked(DispositionQuery Query) : JobMessage
    {
        public override void Decline(RejectionReason reason, TimeSpan retryAfter) =>
            Query.Reply(ImmutableDictionary<string, UpdateDisposition>.Empty);
    }

    /// <summary>The asking device has gone, or has waited long enough.</summary>
    public sealed record AskedEnough(DispositionQuery Query) : JobMessage;

    /// <summary>A device takes part in the job's exchange of scalars.</summary>
    public sealed record JoinedExchange(DeviceIdentity Device, TaskCompletionSource<ExchangeAnswer<JoinExchangeReply>> Done) : JobMessage
    {
        public override void Decline(RejectionReason reason, TimeSpan retryAfter) => Done.TrySetResult(reason == RejectionReason.Unavailable
            ? default
            : new(null, new ExchangeRefusal(ErrorKinds.NoExchange, "The job exchanges no scalars, or has ended.")));
    }

    /// <summary>A device sends gradients, or asks for the log.</summary>
    public sealed record Exchanged(ExchangeCall Call) : JobMessage
    {
        public override void Decline(RejectionReason reason, TimeSpan retryAfter)
        {
            if (reason == RejectionReason.Unavailable)
            {
                Call.GiveUp();
            }
            else
            {
                Call.Reply(ExchangeNext.Ended, "The job exchanges no scalars, or has ended.");
            }
        }
    }

    /// <summary>The caller of an exchange has gone.</summary>
    public sealed record LeftExchange(ExchangeCall Call) : JobMessage;

    /// <summary>A device may work no more.</summary>
    public sealed record Revoked(string DeviceId) : JobMessage;

    /// <summary>An administrator pauses, resumes or stops the job.</summary>
    public sealed record ChangeStatus(JobStatus Status, TaskCompletionSource<JobCommandOutcome> Done) : JobMessage
    {
        public override void Decline(RejectionReason reason, TimeSpan retryAfter) => Done.TrySetResult(JobCommandOutcome.Unavailable);
    }

    /// <summary>An administrator goes back to an earlier version.</summary>
    public sealed record RollBack(int Version, TaskCompletionSource<JobCommandOutcome> Done) : JobMessage
    {
        public override void Decline(RejectionReason reason, TimeSpan retryAfter) => Done.TrySetResult(JobCommandOutcome.Unavailable);
    }

    /// <summary>The timer has run out.</summary>
    public sealed record Tick : JobMessage;
}
