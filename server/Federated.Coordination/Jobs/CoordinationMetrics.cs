using System.Diagnostics.Metrics;
using Federated.Coordination.Persistence;

namespace Federated.Coordination.Jobs;

/// <summary>The instruments of committed rounds, under the meter <see cref="MeterName"/>.</summary>
internal sealed class CoordinationMetrics : IDisposable
{
    public const string MeterName = "Federated.Coordination";

    private readonly Meter _meter = new(MeterName);
    private readonly Counter<long> _bytes;
    private readonly Histogram<double> _contraction;
    private readonly Histogram<double> _errorNorm;
    private readonly Counter<long> _saturated;
    private readonly Gauge<double> _downError;
    private readonly Gauge<long> _seen;

    public CoordinationMetrics()
    {
        _bytes = _meter.CreateCounter<long>("federated.round.bytes", "By", "Bytes of committed rounds: up, payloads of counted updates; down, models and sections of all tasks.");
        _contraction = _meter.CreateHistogram<double>("federated.update.contraction", "1", "What compressors kept of counted updates: 1 - |C(v) - v|^2 / |v|^2, as devices tell.");
        _errorNorm = _meter.CreateHistogram<double>("federated.update.error.norm", "1", "L2 norm of what the devices of counted updates still owe, as they tell.");
        _saturated = _meter.CreateCounter<long>("federated.update.saturated", "{element}", "Elements of counted updates beyond the range of 16-bit floats, as devices tell.");
        _downError = _meter.CreateGauge<double>("federated.round.down.error", "1", "L2 norm of what the devices' model lacks of the last version, under a compressed down-link.");
        _seen = _meter.CreateGauge<long>("federated.round.seen", "{client}", "Clients whose last gradient is in the mean that the algorithm keeps.");
    }

    /// <summary>A round has been committed.</summary>
    public void Closed(RoundCommit commit)
    {
        var job = new KeyValuePair<string, object?>("job", commit.Round.JobId);
        _bytes.Add(commit.Metrics.BytesUp, job, new KeyValuePair<string, object?>("direction", "up"));
        _bytes.Add(commit.Metrics.BytesDown, job, new KeyValuePair<string, object?>("direction", "down"));
        if (commit.Metrics.DownError is { } downError)
        {
            _downError.Record(downError, job);
        }

        if (commit.Metrics.Seen is { } seen)
        {
            _seen.Record(seen, job);
        }

        foreach (CountedUpdate update in commit.Counted)
        {
            if (update.Compression is { } figures)
            {
                _contraction.Record(figures.Contraction, job);
                _errorNorm.Record(figures.ErrorNorm, job);
                _saturated.Add(figures.Saturated, job);
            }
        }
    }

    public void Dispose() => _meter.Dispose();
}
