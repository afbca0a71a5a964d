using System.Diagnostics;
using Federated.Simulation.Engine;
using Federated.Simulation.Reports;

namespace Federated.Samples.Simulation;

/// <summary>What a progress view shows, gathered from the run's threads.</summary>
internal sealed class ProgressFigures(int rounds) : ISimulationObserver
{
    private readonly object _gate = new();
    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly List<double> _accuracies = [];
    private RoundReport? _last;
    private int _done;
    private int _total;
    private long _up;
    private long _down;
    private int _failures;

    public void ClientFinished(int round, int done, int total)
    {
        lock (_gate)
        {
            (_done, _total) = (done, total);
        }
    }

    public void RoundFinished(RoundReport report)
    {
        lock (_gate)
        {
            _last = report with { Accuracy = report.Accuracy ?? _last?.Accuracy, Loss = report.Loss ?? _last?.Loss };
            _up += report.BytesUp;
            _down += report.BytesDown;
            _failures += report.Failed;
            _done = 0;
            if (report.Accuracy is { } accuracy)
            {
                _accuracies.Add(accuracy);
            }
        }
    }

    public ProgressSnapshot Read()
    {
        lock (_gate)
        {
            TimeSpan elapsed = Stopwatch.GetElapsedTime(_started);
            double finished = (_last?.Round ?? 0) + (_total > 0 ? (double)_done / _total : 0);
            TimeSpan? left = finished > 0 ? elapsed * ((rounds - finished) / finished) : null;
            return new ProgressSnapshot(
                _last?.Round ?? 0, rounds, _last?.Accuracy, _last?.Loss, _last?.TrainingLoss, _done, _total, _last?.Counted ?? 0, _last?.Selected ?? 0, _failures,
                $"{Sizes.Text(_up)} up, {Sizes.Text(_down)} down", elapsed, left, [.. _accuracies]);
        }
    }
}
