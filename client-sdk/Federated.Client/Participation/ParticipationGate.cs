using Federated.Client.Sessions;
using Microsoft.Extensions.Logging;

namespace Federated.Client.Participation;

/// <summary>Asks the policy, one question at a time, and tells it what the device spends.</summary>
internal sealed partial class ParticipationGate(
    IParticipationPolicy policy, IDeviceConditions conditions, DeviceEvents events, TimeProvider timeProvider, ILogger logger)
{
    private static readonly TimeSpan AfterException = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestTimer = TimeSpan.FromDays(1);

    private readonly Lock _asking = new();
    private long _bytesDown;
    private long _bytesUp;

    /// <summary>Waits until the policy lets the device take part.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        string told = "";
        while (true)
        {
            // Armed before the question, so that no change is missed.
            var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            EventHandler signal = (_, _) => changed.TrySetResult();
            conditions.Changed += signal;
            try
            {
                ParticipationDecision decision = Ask(null);
                if (decision.TakesPart)
                {
                    return;
                }

                if (decision.Reason != told)
                {
                    told = decision.Reason;
                    events.Resting(decision, timeProvider.GetUtcNow());
                }

                using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                Task time = Task.Delay(DelayTo(decision.AskAgainAt), timeProvider, over.Token);
                await Task.WhenAny(changed.Task, time).ConfigureAwait(false);
                await over.CancelAsync().ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }
            finally
            {
                conditions.Changed -= signal;
            }
        }
    }

    /// <summary>Follows the policy from now on, until the watch is disposed.</summary>
    public ParticipationWatch Watch() => new(this, conditions, timeProvider);

    public ParticipationDecision Ask(DateTimeOffset? workingSince)
    {
        lock (_asking)
        {
            DateTimeOffset now = timeProvider.GetUtcNow();
            try
            {
                return policy.Decide(new ParticipationContext(now, conditions.Current, workingSince));
            }
            catch (Exception e)
            {
                // The application's code: what it throws costs some time, not the device.
                LogPolicyFailed(logger, e.GetType().Name, e.Message);
                return ParticipationDecision.NotNow("the participation policy failed", now + AfterException);
            }
        }
    }

    /// <summary>Bytes of a download have arrived.</summary>
    public void Received(long bytes) => Interlocked.Add(ref _bytesDown, bytes);

    /// <summary>Bytes of an upload have been sent.</summary>
    public void Sent(long bytes) => Interlocked.Add(ref _bytesUp, bytes);

    /// <summary>Tells the policy what was spent since it was told last.</summary>
    /// <param name="work">Time of local work.</param>
    public void Book(TimeSpan work = default)
    {
        var cost = new ParticipationCost(Interlocked.Exchange(ref _bytesDown, 0), Interlocked.Exchange(ref _bytesUp, 0), work);
        if (cost == default)
        {
            return;
        }

        lock (_asking)
        {
            try
            {
                policy.Spent(cost, timeProvider.GetUtcNow());
            }
            catch (Exception e)
            {
                LogPolicyFailed(logger, e.GetType().Name, e.Message);
            }
        }
    }

    /// <summary>The time to wait for a question; infinite for none, and never longer than timers reckon.</summary>
    public TimeSpan DelayTo(DateTimeOffset? time)
    {
        if (time is not { } at)
        {
            return Timeout.InfiniteTimeSpan;
        }

        // Timers count whole milliseconds; rounded up, so that the time has really come.
        double milliseconds = Math.Ceiling((at - timeProvider.GetUtcNow()).TotalMilliseconds);
        return TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 1, LongestTimer.TotalMilliseconds));
    }

    [LoggerMessage(EventId = 1501, EventName = "ParticipationPolicyFailed", Level = LogLevel.Warning,
        Message = "The participation policy threw {Exception}: {Reason}")]
    private static partial void LogPolicyFailed(ILogger logger, string exception, string reason);
}
