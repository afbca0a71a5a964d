using System.Collections.Immutable;
using Federated.Client.Algorithms;
using Federated.Client.Pruning;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Pruning;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;
using Federated.Simulation.Models;

namespace Federated.Simulation.Engine;

/// <summary>
/// Puts the initial model of a job with pruning under its first mask. Of several candidates the clients of a cohort find the best, with the two halves of the live system; here before the first round.
/// Sums are added in the order of the cohort.
/// </summary>
internal sealed class CandidateTaker
{
    private readonly SimulationSetup _setup;
    private readonly JobDefinition _job;
    private readonly OrderedWorkers<ModelWorker> _workers;
    private readonly List<ClientFailure> _failures;
    private readonly CandidateClient _client = new();

    public CandidateTaker(SimulationSetup setup, OrderedWorkers<ModelWorker> workers, List<ClientFailure> failures)
    {
        _setup = setup;
        _job = setup.Request.Job;
        _workers = workers;
        _failures = failures;
    }

    /// <summary>Gives the model its mask and the statistics that fit it; null when the job prunes nothing.</summary>
    public CandidateReport? Begin(ModelContent model, CancellationToken cancellationToken)
    {
        if (PruningMethods.Create(_job.Pruning, model.Schema, _job.Seed) is not { } method)
        {
            return null;
        }

        var selection = new CandidateSelection(method, _job, model.Schema);
        selection.Follow(model, []);
        ImmutableArray<ModelMask> masks = selection.Masks;
        if (masks is [var only])
        {
            model.Use(only);
            return new CandidateReport(0, [new CandidateFigures([.. only.Counts], null, 0)], 0, 0);
        }

        return _setup.Choices.Begin(_setup.Request, model, _failures, () => Choose(selection, model, cancellationToken));
    }

    private CandidateReport Choose(CandidateSelection selection, ModelContent model, CancellationToken cancellationToken)
    {
        // Clients hold the model once; of a candidate they are told a count a layer.
        ImmutableArray<ModelMask> masks = selection.Masks;
        int[] cohort = Cohort();
        long up = 0, down = WireSizes.Down(model.Schema, []);
        CandidateOutcome? outcome = null;
        for (int round = 0; round < 2 && outcome is null; round++)
        {
            up += WireSizes.Up(selection.UpSections);
            down += selection.TrainingFor(0).Candidates.CalculateSize() + selection.DownSections.Sum(section => SectionSpecs.DenseBytes(section.Spec));
            outcome = selection.Take(Ask(selection, model, cohort, cancellationToken), model);
        }

        if (outcome is null)
        {
            throw new SimulationException($"None of {cohort.Length} clients has judged the masks; the first failure: {_failures.FirstOrDefault()?.Reason ?? "no client has examples"}");
        }

        return new CandidateReport(
            outcome.Chosen,
            [.. masks.Select((mask, c) => new CandidateFigures(
                [.. mask.Counts], outcome.Predictions[c] > 0 ? outcome.Losses[c] / outcome.Predictions[c] : null, outcome.Predictions[c]))],
            cohort.Length * up,
            cohort.Length * down);
    }

    private int[] Cohort()
    {
        var key = new RoundKey("default", "simulation", 0, TaskKind.Statistics);
        int wanted = _job.Pruning.CandidateCohort > 0 ? _job.Pruning.CandidateCohort : _job.Round.CohortSize;
        return [.. new UniformSelection(_job.Seed).Select(key, 0, _setup.Clients.Count, Math.Min(wanted, _setup.Clients.Count))];
    }

    /// <summary>Lets every client of the cohort do its task, and sums what a gateway would let in.</summary>
    private RoundAggregate Ask(CandidateSelection selection, ModelContent model, int[] cohort, CancellationToken cancellationToken)
    {
        var key = new RoundKey("default", "simulation", 0, TaskKind.Train);
        ImmutableArray<SectionSpec> sections = selection.UpSections;
        var aggregate = new CohortAggregate(sections, [new UpdateForm(DeviceRoles.Worker, [0])], []);
        byte[][] payloads = new byte[_workers.Window][];
        var results = new ClientTaskResult[_workers.Window];
        _workers.Run(
            cohort.Length,
            (worker, item, slot) =>
            {
                payloads[slot] ??= new byte[ClientUpdate.PayloadLength(sections)];
                results[slot] = Work(worker, selection, sections, model, cohort[item], payloads[slot], cancellationToken);
            },
            (item, slot) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                string client = _setup.Clients[cohort[item]].Name;
                if (FaultOf(results[slot], sections, payloads[slot]) is { } fault)
                {
                    _failures.Add(new ClientFailure(0, client, fault.Kind, fault.Reason));
                }
                else if (results[slot].Outcome == ClientOutcome.Completed)
                {
                    aggregate.Add(payloads[slot], new UpdateCommitted(
                        key, AssignmentIds.Of(key, item), client, "simulation", "", payloads[slot].Length, 0, results[slot].Weight, 0, double.NaN, 0, 0, DeviceRoles.Worker));
                }

                return true;
            },
            cancellationToken);
        return aggregate.Report();
    }

    private ClientTaskResult Work(
        ModelWorker worker, CandidateSelection selection, ImmutableArray<SectionSpec> sections, ModelContent model, int client, byte[] payload, CancellationToken cancellationToken)
    {
        var task = new ClientTask
        {
            Schema = model.Schema,
            Parameters = model.Parameters,
            Statistics = model.Statistics,
            Counts = model.Counts,
            Settings = selection.TrainingFor((uint)client),
            Round = 0,
            DownSections = selection.DownSections.ToDictionary(section => section.Spec.Role, section => section.Values),
        };
        var update = new ClientUpdate(sections, payload);
        try
        {
            worker.Use(selection.Masks[0]);
            worker.Objective.Select(_setup.Dataset.Examples, _setup.Clients[client].Rows);
            return new ClientTaskResult(_client.Run(task, worker.Solver, update, cancellationToken), null, update.Weight, 0, double.NaN, 0);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            return new ClientTaskResult(null, $"{exception.GetType().Name}: {exception.Message}", 0, 0, double.NaN, 0);
        }
    }

    /// <summary>Why the sums do not count; a client without examples says nothing.</summary>
    private UpdateFault? FaultOf(ClientTaskResult result, ImmutableArray<SectionSpec> sections, byte[] payload)
    {
        if (result.Outcome is ClientOutcome.Nothing)
        {
            return null;
        }

        (string kind, string reason) = WorkFailure.Of(result);
        return result.Outcome == ClientOutcome.Completed ? UpdateFault.Find(_job.Bounds with { MaxNorm = 0 }, result, sections, payload) : new UpdateFault(kind, reason);
    }
}
