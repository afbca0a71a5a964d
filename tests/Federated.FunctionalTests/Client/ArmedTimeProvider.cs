using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Federated.FunctionalTests.Client;

/// <summary>Fake time that tells when a timer is armed, so that a test advances only what is really waited for.</summary>
internal sealed class ArmedTimeProvider : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _armed = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        _armed.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits until a timer between the bounds is armed; gives its delay.</summary>
    public async Task<TimeSpan> NextTimerAsync(TimeSpan shortest, TimeSpan longest)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        await foreach (TimeSpan due in _armed.Reader.ReadAllAsync(limit.Token))
        {
            if (due >= shortest && due <= longest)
            {
                return due;
            }
        }

        throw new InvalidOperationException("No timer was armed.");
    }
}
