using System.Diagnostics;
using Federated.Simulation.Engine;

namespace Federated.Simulation.Studies.Byzantine;

/// <summary>Runs every rule against every attack, several runs at a time with one worker each, and keeps what is done in a folder.</summary>
public static class ByzantineStudy
{
    private const int LastEvaluations = 3;

    /// <summary>Runs what the folder does not have yet.</summary>
    /// <param name="plan">The study.</param>
    /// <param name="folder">Where results are kept.</param>
    /// <param name="finished">Told of every result with the number of those done and of all; one call at a time.</param>
    /// <param name="cancellationToken">Ends the study; what is done stays.</param>
    /// <returns>The table of all results.</returns>
    /// <exception cref="SimulationException">The settings do not fit.</exception>
    public static StudyTable Run(StudyPlan plan, string folder, Action<CellResult, int, int> finished, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(finished);
        CellKey[] cells = [.. plan.Cells];
        using CellLog log = CellLog.Open(folder, plan.Request);
        int done = cells.Count(log.Done.ContainsKey);
        var gate = new Lock();
        foreach (ulong seed in plan.Seeds)
        {
            CellKey[] open = [.. cells.Where(cell => cell.Seed == seed && !log.Done.ContainsKey(cell))];
            if (open.Length == 0)
            {
                continue;
            }

            // The data are read, split and dealt once a seed.
            SimulationSetup setup = SimulationSetup.Prepare(RequestOf(plan.Request, open[0]));
            var options = new ParallelOptions { MaxDegreeOfParallelism = plan.Degree, CancellationToken = cancellationToken };
            Parallel.ForEach(open, options, cell =>
            {
                CellResult result = Run(setup.With(Fitted(RequestOf(plan.Request, cell), setup.Clients.Count)), cell, cancellationToken);
                lock (gate)
                {
                    log.Add(result);
                    finished(result, ++done, cells.Length);
                }
            });
        }

        return StudyTable.Of(plan, [.. cells.Select(cell => log.Done[cell])]);
    }

    private static CellResult Run(SimulationSetup setup, CellKey cell, CancellationToken cancellationToken)
    {
        long started = Stopwatch.GetTimestamp();
        SimulationOutcome outcome = new Simulator(setup, SilentObserver.Instance).Run(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        double[] accuracies = [.. outcome.Rounds.Select(round => round.Accuracy).OfType<double>().TakeLast(LastEvaluations)];
        return new CellResult(
            cell, accuracies.Length > 0 ? accuracies.Average() : 0, outcome.BackdoorSuccess, outcome.End, Math.Round(Stopwatch.GetElapsedTime(started).TotalSeconds, 2));
    }

    private static SimulationRequest RequestOf(SimulationRequest request, CellKey cell) => request with
    {
        Job = request.Job with
        {
            Seed = cell.Seed,
            Aggregation = request.Job.Aggregation with { Rule = cell.Text, Byzantine = cell.Text == "mean" ? 0 : request.Byzantine },
            ServerOptimizer = cell.ServerLearningRate is { } rate ? request.Job.ServerOptimizer with { LearningRate = rate } : request.Job.ServerOptimizer,
        },
        Attack = cell.Attack == StudyPlan.NoAttack ? null : cell.Attack,
        Byzantine = cell.Attack == StudyPlan.NoAttack ? 0 : request.Byzantine,
        Workers = 1,
    };

    private static SimulationRequest Fitted(SimulationRequest request, int clients) => request.Job.Round.CohortSize > clients && request.FitCohort
        ? request with { Job = request.Job with { Round = request.Job.Round with { CohortSize = clients } } }
        : request;
}
