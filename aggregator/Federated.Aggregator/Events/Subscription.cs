using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Federated.Aggregator.Events;

/// <summary>A queue of events and the loops that hand them to one handler.</summary>
internal sealed partial class Subscription<TEvent> : ISubscription
    where TEvent : class
{
    private const int Deliveries = 3;

    private readonly Channel<TEvent> _queue = Channel.CreateUnbounded<TEvent>();
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<TEvent, CancellationToken, ValueTask> _handler;
    private readonly Action<ISubscription> _remove;
    private readonly ILogger _logger;
    private readonly Task[] _loops;

    public Subscription(
        Func<TEvent, CancellationToken, ValueTask> handler, int parallelism, ILogger logger, Action<ISubscription> remove)
    {
        _handler = handler;
        _logger = logger;
        _remove = remove;
        _loops = [.. Enumerable.Range(0, parallelism).Select(_ => Task.Run(RunAsync))];
    }

    public void Offer(TEvent message) => _queue.Writer.TryWrite(message);

    public async ValueTask DisposeAsync()
    {
        _remove(this);
        _queue.Writer.TryComplete();
        await _stop.CancelAsync();
        await Task.WhenAll(_loops);
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested && await HasNextAsync())
        {
            while (!_stop.IsCancellationRequested && _queue.Reader.TryRead(out TEvent? message))
            {
                await DeliverAsync(message);
            }
        }
    }

    private async ValueTask<bool> HasNextAsync()
    {
        try
        {
            return await _queue.Reader.WaitToReadAsync(_stop.Token);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task DeliverAsync(TEvent message)
    {
        for (int delivery = 1; delivery <= Deliveries; delivery++)
        {
            try
            {
                await _handler(message, _stop.Token);
                return;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                LogFailed(exception, typeof(TEvent).Name, delivery, Deliveries);
            }
        }
    }

    [LoggerMessage(1301, LogLevel.Error, "Handling {Event} failed at delivery {Delivery} of {Deliveries}", EventName = "HandlerFailed")]
    private partial void LogFailed(Exception exception, string @event, int delivery, int deliveries);
}
