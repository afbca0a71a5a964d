using System.Globalization;
using Federated.Simulation.Engine;

namespace Federated.Samples.Simulation;

/// <summary>One line for each round, for files and pipes.</summary>
internal sealed class PlainProgress(SimulationSetup setup) : ISimulationObserver
{
    private readonly ProgressFigures _figures = new(setup.Request.Job.Rounds);

    public void ClientFinished(int round, int done, int total) => _figures.ClientFinished(round, done, total);

    public void RoundFinished(RoundReport report)
    {
        _figures.RoundFinished(report);
        ProgressSnapshot now = _figures.Read();
        string left = now.Left is { } time ? time.ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture) : "?";
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"round {report.Round}/{now.Rounds}  accuracy {Figure(report.Accuracy)}  loss {Figure(report.Loss)}  training loss {Figure(report.TrainingLoss)}  clients {report.Counted}/{report.Selected}  {now.Bytes}  left {left}{(report.Abandoned is null ? "" : "  abandoned: " + report.Abandoned)}"));
    }

    private static string Figure(double? value) => value?.ToString("0.0000", CultureInfo.InvariantCulture) ?? "-";
}
