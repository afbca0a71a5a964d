using Federated.Aggregator.Events;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Aggregator.Tree;

/// <summary>
/// Tells the coordinator of stored updates in small batches: the first of a batch waits a moment for others. Nothing runs while nothing is
/// stored.
/// </summary>
internal sealed class StoredReporter : IDisposable
{
    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(20);

    private readonly RoundKey _key;
    private readonly ulong _writerEpoch;
    private readonly string _nodeId;
    private readonly string _incarnation;
    private readonly IEventBus _bus;
    private readonly Action<Exception> _onFailure;
    private readonly Lock _gate = new();
    private readonly List<UpdateCommitted> _gathered = [];
    private readonly ITimer _timer;
    private long _sequence;

    public StoredReporter(
        RoundPlan plan, string nodeId, string incarnation, IEventBus bus, TimeProvider time, Action<Exception> onFailure)
    {
        _key = plan.Key;
        _writerEpoch = plan.WriterEpoch;
        _nodeId = nodeId;
        _incarnation = incarnation;
        _bus = bus;
        _onFailure = onFailure;
        _timer = time.CreateTimer(_ => Flush(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Report(UpdateCommitted update)
    {
        int gathered;
        lock (_gate)
        {
            _gathered.Add(update);
            gathered = _gathered.Count;
        }

        if (gathered == 1)
        {
            _timer.Change(Gathering, Timeout.InfiniteTimeSpan);
        }
        else if (gathered >= UpdatesStored.MaxUpdates)
        {
            Flush();
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Flush()
    {
        List<UpdatesStored> events = [];
        lock (_gate)
        {
            foreach (UpdateCommitted[] some in _gathered.Chunk(UpdatesStored.MaxUpdates))
            {
                events.Add(new UpdatesStored(_key, _writerEpoch, _nodeId, _incarnation, ++_sequence, [.. some]));
            }

            _gathered.Clear();
        }

        _ = PublishAsync(events);
    }

    private async Task PublishAsync(List<UpdatesStored> events)
    {
        try
        {
            foreach (UpdatesStored stored in events)
            {
                await _bus.PublishAsync(stored, CancellationToken.None);
            }
        }
        catch (Exception exception)
        {
            // A hint is lost; what counts comes with the aggregate.
            _onFailure(exception);
        }
    }
}
