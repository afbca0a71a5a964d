using Federated.Aggregator.Events;
using Microsoft.Extensions.Logging.Abstractions;

namespace Federated.UnitTests.Aggregator;

public sealed class InProcessEventBusTests
{
    private readonly InProcessEventBus _bus = new(NullLogger<InProcessEventBus>.Instance);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publish_TwoSubscriptions_BothGetTheEvent()
    {
        var first = new TaskCompletionSource<string>();
        var second = new TaskCompletionSource<string>();
        await using IAsyncDisposable a = _bus.Subscribe<string>((text, _) => Set(first, text), 1);
        await using IAsyncDisposable b = _bus.Subscribe<string>((text, _) => Set(second, text), 1);

        await _bus.PublishAsync("claim", Cancellation);

        Assert.Equal("claim", await first.Task.WaitAsync(Cancellation));
        Assert.Equal("claim", await second.Task.WaitAsync(Cancellation));

        static ValueTask Set(TaskCompletionSource<string> source, string text)
        {
            source.SetResult(text);
            return ValueTask.CompletedTask;
        }
    }

    [Fact]
    public async Task Publish_HandlerFailsTwice_IsDeliveredAgain()
    {
        int calls = 0;
        var done = new TaskCompletionSource();
        await using IAsyncDisposable subscription = _bus.Subscribe<string>(
            (_, _) =>
            {
                if (Interlocked.Increment(ref calls) < 3)
                {
                    throw new InvalidOperationException("not yet");
                }

                done.SetResult();
                return ValueTask.CompletedTask;
            },
            1);

        await _bus.PublishAsync("claim", Cancellation);

        await done.Task.WaitAsync(Cancellation);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task Dispose_HandlerRuns_IsWaitedFor()
    {
        var entered = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        IAsyncDisposable subscription = _bus.Subscribe<string>(
            async (_, _) =>
            {
                entered.SetResult();
                await release.Task;
            },
            1);
        await _bus.PublishAsync("claim", Cancellation);
        await entered.Task.WaitAsync(Cancellation);

        Task ending = subscription.DisposeAsync().AsTask();
        Assert.False(ending.IsCompleted);
        release.SetResult();

        await ending.WaitAsync(Cancellation);
    }
}
