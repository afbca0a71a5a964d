using System.Diagnostics.Metrics;
using Federated.Aggregator.Ingest;
using Federated.Protocol.Tier;

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
    private Func<NodeGauges>? _gauges;

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
        _meter.CreateObservableGauge("federated.node.queue", () => Observe(gauges => gauges.Waiting), "{update}", "Updates that wait for a leaf.");
        _meter.CreateObservableGauge("federated.node.partials", () => Observe(gauges => gauges.Partials), "{partial}", "Partials that rest under a key, with their memory.");
        _meter.CreateObservableGauge("federated.node.workers", ObserveWorkers, "{worker}", "Aggregation workers by state.");
        _meter.CreateObservableCounter("federated.process.cpu.time", ObserveCpu, "s", "Processor time of the process by mode.");
    }

    internal void Observe(Func<NodeGauges>? gauges) => _gauges = gauges;

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

    private static IEnumerable<Measurement<double>> ObserveCpu()
    {
        Environment.ProcessCpuUsage usage = Environment.CpuUsage;
        yield return new Measurement<double>(usage.UserTime.TotalSeconds, new KeyValuePair<string, object?>("mode", "user"));
        yield return new Measurement<double>(usage.PrivilegedTime.TotalSeconds, new KeyValuePair<string, object?>("mode", "system"));
    }

    private IEnumerable<Measurement<int>> Observe(Func<NodeGauges, int> read) =>
        _gauges?.Invoke() is { } gauges ? [new Measurement<int>(read(gauges))] : [];

    private IEnumerable<Measurement<int>> ObserveWorkers() => _gauges?.Invoke() is { } gauges
        ? [InState(gauges.IdleWorkers, "idle"), InState(gauges.Workers - gauges.IdleWorkers, "busy")]
        : [];

    private IEnumerable<Measurement<int>> ObserveSlots() => _gauges?.Invoke() is { Slots: var slots }
        ? [InState(slots.Free, "free"), InState(slots.Reserved, "reserved"), InState(slots.Committed, "committed"), InState(slots.Taken, "taken")]
        : [];

    private static Measurement<int> InState(int count, string state) => new(count, new KeyValuePair<string, object?>("state", state));
}
