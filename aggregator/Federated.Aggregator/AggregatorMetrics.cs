using System.Diagnostics.Metrics;
using Federated.Aggregator.Ingest;
using Federated.Protocol.Tier;
using Federated.Storage.Slots;

namespace Federated.Aggregator;

/// <summary>The node's instruments, under the meter <see cref="MeterName"/>.</summary>
public sealed class AggregatorMetrics : IDisposable
{
    public const string MeterName = "Federated.Aggregator";

    private static readonly string[] RoleNames = ["", "leaf", "middle", "top"];

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _uploads;
    private readonly Counter<long> _bytes;
    private readonly Histogram<double> _uploadSeconds;
    private readonly Histogram<double> _sumSeconds;
    private readonly Counter<long> _summed;
    private readonly Counter<long> _workerStarts;
    private readonly Counter<long> _handedOver;
    private readonly Counter<long> _transferred;
    private Func<SlotPoolStatistics>? _slots;

    public AggregatorMetrics()
    {
        _uploads = _meter.CreateCounter<long>("federated.node.uploads", "{upload}", "Uploads by how they ended.");
        _bytes = _meter.CreateCounter<long>("federated.node.upload.bytes", "By", "Payload bytes of stored updates.");
        _uploadSeconds = _meter.CreateHistogram<double>("federated.node.upload.duration", "s", "From the header to the answer of stored updates.");
        _sumSeconds = _meter.CreateHistogram<double>("federated.node.aggregation.duration", "s", "One call of an aggregation function: a batch summed by a leaf, a partial merged by a middle, the division of a top.");
        _summed = _meter.CreateCounter<long>("federated.node.updates.summed", "{update}", "Updates added to the sums of a round.");
        _workerStarts = _meter.CreateCounter<long>("federated.node.worker.starts", "{start}", "Turns given to workers: warm to one that was there, cold to one that was started for it.");
        _handedOver = _meter.CreateCounter<long>("federated.node.partial.bytes", "By", "Bytes of partials handed over by key inside the node.");
        _transferred = _meter.CreateCounter<long>("federated.node.transfer.bytes", "By", "Bytes of partials that went to other nodes or came from them.");
        _meter.CreateObservableGauge("federated.node.slots", ObserveSlots, "{slot}", "Slots of the pool by state.");
    }

    internal void ObservePool(Func<SlotPoolStatistics>? statistics) => _slots = statistics;

    internal void UploadStored(long bytes, TimeSpan duration)
    {
        UploadEnded(UploadOutcome.Stored);
        _bytes.Add(bytes);
        _uploadSeconds.Record(duration.TotalSeconds);
    }

    internal void UploadEnded(UploadOutcome outcome) =>
        _uploads.Add(1, new KeyValuePair<string, object?>("outcome", outcome.ToString()));

    internal void Aggregated(TreeRole role, int count, TimeSpan duration)
    {
        if (role == TreeRole.Leaf)
        {
            _summed.Add(count);
        }

        _sumSeconds.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("role", RoleNames[(int)role]));
    }

    internal void WorkerStarted(bool isWarm) =>
        _workerStarts.Add(1, new KeyValuePair<string, object?>("start", isWarm ? "warm" : "cold"));

    internal void HandedOver(long bytes) => _handedOver.Add(bytes);

    internal void Transferred(long bytes, bool isSent) =>
        _transferred.Add(bytes, new KeyValuePair<string, object?>("direction", isSent ? "sent" : "received"));

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<int>> ObserveSlots()
    {
        if (_slots?.Invoke() is not { } slots)
        {
            yield break;
        }

        yield return Slot(slots.Free, "free");
        yield return Slot(slots.Reserved, "reserved");
        yield return Slot(slots.Committed, "committed");
        yield return Slot(slots.Taken, "taken");
    }

    private static Measurement<int> Slot(int count, string state) => new(count, new KeyValuePair<string, object?>("state", state));
}
