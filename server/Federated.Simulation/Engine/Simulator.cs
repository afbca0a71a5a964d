using System.Diagnostics;
using System.Numerics.Tensors;
using Federated.Client.Torch;
using Federated.Client.Training;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Anarchic;
using Federated.Coordination.Jobs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Federated.Simulation.Models;
using Federated.Simulation.Pruning;

namespace Federated.Simulation.Engine;

/// <summary>
/// Runs a job over virtual clients: the coordinator's round state machine and server half, the client halves and the accumulators of the live system, in one process,
/// under virtual time, without sockets.
/// </summary>
public sealed class Simulator
{
    private const string Tenant = "default";
    private const string JobId = "simulation";
    private const long WindowBytes = 16 << 20;

    private readonly SimulationSetup _setup;
    private readonly ISimulationObserver _observer;
    private readonly List<RoundReport> _rounds = [];
    private readonly List<ClientFailure> _failures = [];
    private readonly List<StatisticsReport> _statistics = [];

    /// <summary>Prepares a run.</summary>
    /// <param name="setup">What to run.</param>
    /// <param name="observer">Is told how it goes.</param>
    public Simulator(SimulationSetup setup, ISimulationObserver observer)
    {
        _setup = setup;
        _observer = observer;
    }

    /// <summary>Runs until every round is done, the target is reached, or the token is cancelled; a cancelled run leaves what it has.</summary>
    /// <param name="cancellationToken">Ends the run between two local steps.</param>
    public SimulationOutcome Run(CancellationToken cancellationToken = default)
    {
        long started = Stopwatch.GetTimestamp();
        SimulationRequest request = _setup.Request;
        JobDefinition job = request.Job;
        PeakMemory memory = PeakMemory.Start(request.Device == "cpu" ? null : TorchRuntime.SelectDeviceOrCpu(request.Device, out _));
        ModelContent model = SynFlowStart.Of(_setup.Model, _setup.Public?.Train(_setup.Model, request, cancellationToken) ?? _setup.Model.Initialise(job.Seed), job);
        using var workers = new OrderedWorkers<ModelWorker>(request.Workers, WindowFor(request.Workers, model), () => _setup.Model.CreateWorker(request.Device).With(_setup.Kernels));
        CandidateReport? candidates = new CandidateTaker(_setup, workers, _failures).Begin(model, cancellationToken);
        using IRoundTrainer trainer = job.Algorithm.Name == OneByteRun.Algorithm ? new OneByteTrainer(_setup, model, workers, _failures)
            : AnarchicAlgorithms.BuiltIn.Has(job.Algorithm.Name) ? new AnarchicTrainer(_setup, model, workers, _failures)
            : new CohortTrainer(_setup, ServerAlgorithms.BuiltIn.Create(job, _setup.Model.Schema), model, candidates, workers, _failures);
        var evaluator = new TestEvaluator(_setup.Dataset, workers);
        var statistics = new StatisticsTaker(_setup, workers, _failures);

        Evaluation? final = null;
        int? roundsToTarget = null;
        int abandoned = 0;
        SimulationEnd end = SimulationEnd.Completed;
        TimeSpan training = TimeSpan.Zero, evaluation = TimeSpan.Zero;
        RoundReport? open = null;
        var before = new ModelBefore(model);
        try
        {
            for (int round = 1; round <= job.Rounds; round++)
            {
                // 0. Statistics of the data are taken where they are due.
                if (RoundSchedule.After(job, round - 1, examined: true) == NextRound.Statistics)
                {
                    var described = new RoundKey(Tenant, JobId, round - 1, TaskKind.Statistics);
                    _statistics.Add(statistics.Take(described, model, cancellationToken));
                }

                // 1. The cohort trains, and the server half makes the next model.
                long roundStarted = Stopwatch.GetTimestamp();
                var key = new RoundKey(Tenant, JobId, round, TaskKind.Train);
                before.Keep();
                RoundReport report = trainer.Train(key, model, _observer, cancellationToken);
                if (!IsFinite(model.Parameters) || !IsFinite(model.Statistics))
                {
                    before.GiveBack();
                    report = report with { Abandoned = "The next model is not finite; the run ends with the one before.", MaskEpoch = model.Mask?.Epoch };
                    end = SimulationEnd.Diverged;
                }

                open = report;
                training += Stopwatch.GetElapsedTime(roundStarted);
                abandoned = report.Abandoned is null ? 0 : abandoned + 1;

                // 2. The model is evaluated on the test part.
                if (end == SimulationEnd.Diverged || RoundSchedule.After(job, round, examined: false) == NextRound.Evaluate)
                {
                    long evaluationStarted = Stopwatch.GetTimestamp();
                    final = evaluator.Evaluate(model, cancellationToken);
                    evaluation += Stopwatch.GetElapsedTime(evaluationStarted);
                    report = report with { Accuracy = final.Value.Accuracy, Loss = final.Value.MeanLoss };
                }

                report = report with { Seconds = Stopwatch.GetElapsedTime(roundStarted).TotalSeconds };
                open = null;
                _rounds.Add(report);
                _observer.RoundFinished(report);

                // 3. The run may end early.
                if (job.TargetAccuracy is { } target && report.Accuracy >= target)
                {
                    roundsToTarget = round;
                    end = SimulationEnd.TargetReached;
                    break;
                }

                if (end == SimulationEnd.Diverged || abandoned >= job.Round.MaxAbandoned)
                {
                    end = end == SimulationEnd.Diverged ? end : SimulationEnd.Abandoned;
                    break;
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            end = SimulationEnd.Cancelled;
            if (open is not null)
            {
                _rounds.Add(open);
            }

            final = _rounds.Count > 0 ? evaluator.Evaluate(model, CancellationToken.None) : null;
        }

        return new SimulationOutcome(
            _setup, model, final, BackdoorSuccess(model, workers), _rounds, _failures, end, roundsToTarget,
            training.TotalSeconds, evaluation.TotalSeconds, Stopwatch.GetElapsedTime(started).TotalSeconds, trainer.ClientUpdates,
            trainer.Tree, trainer.Figures)
        {
            StateHash = trainer.StateHash,
            Costs = trainer.Costs,
            PeakBytes = memory.Bytes(),
            PeakGrowthBytes = memory.Growth(),
            Candidates = candidates,
            Statistics = _statistics,
        };
    }

    private double? BackdoorSuccess(ModelContent model, OrderedWorkers<ModelWorker> workers) =>
        _setup.Backdoor is { } patch
            ? new TestEvaluator(PatchedTest.Of(_setup.Dataset, patch), workers).Evaluate(model, CancellationToken.None).Accuracy
            : null;

    private static bool IsFinite(float[] values) => values.Length == 0 || TensorPrimitives.IsFiniteAll<float>(values);

    // Small updates wait in numbers, so that no worker stands still while another is interrupted; large ones are few.
    private static int WindowFor(int workers, ModelContent model) =>
        (int)Math.Clamp(WindowBytes / Math.Max(1, 4L * model.Parameters.Length), 2 * workers, 32 * workers);
}
