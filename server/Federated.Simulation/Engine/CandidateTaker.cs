using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Federated.Client.Algorithms;
using Federated.Client.Algorithms.Evaluate;
using Federated.Client.Algorithms.Statistics;
using Federated.Coordination.Pruning;
using Federated.Coordination.Selection;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;
using Federated.Simulation.Models;

namespace Federated.Simulation.Engine;

/// <summary>
/// Puts the initial model of a job with pruning under its first mask. Of several candidates the clients judge each one twice: they sum the inputs of its normalisation layers, and evaluate it with the
/// pooled statistics. A model without such layers is judged by its loss alone. Sums are added in the order of the selection.
/// </summary>
internal sealed class CandidateTaker
{
    private readonly SimulationSetup _setup;
    private readonly JobDefinition _job;
    private readonly OrderedWorkers<ModelWorker> _workers;
    private readonly List<ClientFailure> _failures;
    private readonly StatisticsClient _statistics = new();
    private readonly EvaluateClient _evaluation = new();
    private readonly StatisticsShape _shape;

    public CandidateTaker(SimulationSetup setup, OrderedWorkers<ModelWorker> workers, List<ClientFailure> failures)
    {
        _setup = setup;
        _job = setup.Request.Job;
        _workers = workers;
        _failures = failures;
        _shape = new StatisticsShape(0, 0, NormalisationLayer.Of(setup.Model.Schema).Sum(layer => layer.Channels));
    }

    /// <summary>Gives the model its mask and the statistics that fit it; null when the job prunes nothing.</summary>
    public CandidateReport? Begin(ModelContent model, CancellationToken cancellationToken)
    {
        if (PruningMethods.Create(_job.Pruning, model.Schema, _job.Seed) is not { } method)
        {
            return null;
        }

        ImmutableArray<ModelMask> masks = method.Candidates(model.Parameters);
        if (masks.Length == 1)
        {
            model.Use(masks[0]);
            return new CandidateReport(0, [new CandidateFigures(CountsOf(masks[0]), null, 0)], 0, 0);
        }

        int[] cohort = Cohort();
        var figures = new List<CandidateFigures>(masks.Length);
        float[][] statistics = new float[masks.Length][];
        for (int c = 0; c < masks.Length; c++)
        {
            var candidate = new ModelContent(model.Schema, [.. model.Parameters], [.. model.Statistics], [.. model.Counts]);
            candidate.Use(masks[c]);
            Describe(candidate, cohort, cancellationToken);
            statistics[c] = candidate.Statistics;
            (double loss, double examples) = Judge(candidate, cohort, cancellationToken);
            figures.Add(new CandidateFigures(CountsOf(masks[c]), examples > 0 && double.IsFinite(loss) ? loss / examples : null, examples));
        }

        int best = CandidateChoice.Best([.. figures.Select(figure => figure.Loss ?? double.NaN)], [.. figures.Select(_ => 1.0)]);
        statistics[best].CopyTo(model.Statistics, 0);
        long down = WireSizes.Down(model.Schema, []);
        model.Use(masks[best]);

        // Clients make the candidates from the model that they hold: a count a layer is enough. A channel has three sums up, and two figures down.
        long perCandidate = (4L * masks[0].Layers.Length) + (8L * _shape.Channels);
        return new CandidateReport(
            best,
            figures,
            cohort.Length * (long)masks.Length * (WireSizes.Up(_shape.Sections()) + WireSizes.Up([SectionSpecs.Evaluation()])),
            cohort.Length * (down + (masks.Length * perCandidate)));
    }

    private int[] Cohort()
    {
        var key = new RoundKey("default", "simulation", 0, TaskKind.Statistics);
        int wanted = _job.Pruning.CandidateCohort > 0 ? _job.Pruning.CandidateCohort : _job.Round.CohortSize;
        return [.. new UniformSelection(_job.Seed).Select(key, 0, _setup.Clients.Count, Math.Min(wanted, _setup.Clients.Count))];
    }

    /// <summary>Replaces the candidate's statistics by the pooled ones.</summary>
    private void Describe(ModelContent candidate, int[] cohort, CancellationToken cancellationToken)
    {
        if (_shape.Channels == 0)
        {
            return;
        }

        double[] total = new double[MomentSums.Width * _shape.Channels];
        Ask(_statistics, _shape.Sections(), _shape.ToSettings(), candidate, cohort, payload =>
        {
            ReadOnlySpan<double> sums = MemoryMarshal.Cast<byte, double>(payload.AsSpan());
            if (CandidateSums.CanPool(new MomentSums(sums.ToArray())))
            {
                for (int i = 0; i < total.Length; i++)
                {
                    total[i] += sums[i];
                }
            }
        }, cancellationToken);
        CandidateStatistics.Pool(candidate.Schema, new MomentSums(total), candidate.Statistics);
    }

    private (double Loss, double Examples) Judge(ModelContent candidate, int[] cohort, CancellationToken cancellationToken)
    {
        double loss = 0, examples = 0;
        Ask(_evaluation, [SectionSpecs.Evaluation()], new LocalTraining(), candidate, cohort, payload =>
        {
            ReadOnlySpan<double> sums = MemoryMarshal.Cast<byte, double>(payload.AsSpan());
            loss += sums[0];
            examples += sums[2];
        }, cancellationToken);
        return (loss, examples);
    }

    /// <summary>Lets every client of the cohort do a task, and hands over what those that were done have summed.</summary>
    private void Ask(
        IClientAlgorithm half, IReadOnlyList<SectionSpec> sections, LocalTraining settings, ModelContent candidate, int[] cohort, Action<byte[]> take, CancellationToken cancellationToken)
    {
        byte[][] payloads = new byte[_workers.Window][];
        var results = new ClientTaskResult[_workers.Window];
        _workers.Run(
            cohort.Length,
            (worker, item, slot) =>
            {
                payloads[slot] = new byte[ClientUpdate.PayloadLength(sections)];
                results[slot] = Work(worker, half, sections, settings, candidate, cohort[item], payloads[slot], cancellationToken);
            },
            (item, slot) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (results[slot].Outcome == ClientOutcome.Completed)
                {
                    take(payloads[slot]);
                }
                else if (results[slot].Outcome != ClientOutcome.Nothing)
                {
                    (string kind, string reason) = WorkFailure.Of(results[slot]);
                    _failures.Add(new ClientFailure(0, _setup.Clients[cohort[item]].Name, kind, reason));
                }

                return true;
            },
            cancellationToken);
    }

    private ClientTaskResult Work(
        ModelWorker worker, IClientAlgorithm half, IReadOnlyList<SectionSpec> sections, LocalTraining settings, ModelContent candidate, int client, byte[] payload, CancellationToken cancellationToken)
    {
        var task = new ClientTask
        {
            Schema = candidate.Schema,
            Parameters = candidate.Parameters,
            Statistics = candidate.Statistics,
            Counts = candidate.Counts,
            Settings = settings,
            Round = 0,
        };
        var update = new ClientUpdate(sections, payload);
        try
        {
            worker.Use(candidate.Mask);
            worker.Objective.Select(_setup.Dataset.Examples, _setup.Clients[client].Rows);
            return new ClientTaskResult(half.Run(task, worker.Solver, update, cancellationToken), null, update.Weight, 0, double.NaN, 0);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            return new ClientTaskResult(null, $"{exception.GetType().Name}: {exception.Message}", 0, 0, double.NaN, 0);
        }
    }

    private static int[] CountsOf(ModelMask mask) => [.. Enumerable.Range(0, mask.Layers.Length).Select(mask.CountOf)];
}
