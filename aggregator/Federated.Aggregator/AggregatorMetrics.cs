using System.Diagnostics.Metrics;
using Federated.Aggregator.Ingest;
using Federated.Storage.Slots;

namespace Federated.Aggregator;

/// <summary>The node's instruments, under the meter <see cref="MeterName"/>.</summary>
public sealed class AggregatorMetrics : IDisposable
{
    public const string MeterName = "Federated.Aggregator";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _uploads;
    private readonly Counter<long> _bytes;
    private readonly Histogram<double> _uploadSeconds;
    private readonly Histogram<double> _sumSeconds;
    private readonly Counter<long> _summed;
    private Func<SlotPoolStatistics>? _slots;

    public AggregatorMetrics()
    {
        _uploads = _meter.CreateCounter<long>("federated.node.uploads", "{upload}", "Uploads by how they ended.");
        _bytes = _meter.CreateCounter<long>("federated.node.upload.bytes", "By", "Payload bytes of stored updates.");
        _uploadSeconds = _meter.CreateHistogram<double>("federated.node.upload.duration", "s", "From the header to the answer of stored updates.");
        _sumSeconds = _meter.CreateHistogram<double>("federated.node.aggregation.duration", "s", "Adding a batch of updates to the sums of a round.");
        _summed = _meter.CreateCounter<long>("federated.node.updates.summed", "{update}", "Updates added to the sums of a round.");
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

    internal void UpdatesSummed(int count, TimeSpan duration)
    {
        _summed.Add(count);
        _sumSeconds.Record(duration.TotalSeconds);
    }

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
