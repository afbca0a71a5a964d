using System.Collections.Immutable;
using Federated.Client.Algorithms;
using Federated.Client.Algorithms.Statistics;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Algorithms.Statistics;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;
using Federated.Simulation.Models;

namespace Federated.Simulation.Engine;

/// <summary>
/// Takes the statistics of a job over virtual clients, with the halves and the accumulators of the live system. The sums are added in the order of the selection, whoever of the workers was
/// faster.
/// </summary>
internal sealed class StatisticsTaker
{
    private readonly SimulationSetup _setup;
    private readonly JobDefinition _job;
    private readonly OrderedWorkers<ModelWorker> _workers;
    private readonly List<ClientFailure> _failures;
    private readonly StatisticsServer _server;
    private readonly StatisticsClient _client = new();
    private readonly ImmutableArray<SectionSpec> _sections;
    private readonly byte[][] _payloads;
    private readonly ClientTaskResult[] _results;

    public StatisticsTaker(SimulationSetup setup, OrderedWorkers<ModelWorker> workers, List<ClientFailure> failures)
    {
        _setup = setup;
        _job = setup.Request.Job;
        _workers = workers;
        _failures = failures;
        _server = new StatisticsServer(_job, setup.Model.Schema);
        _sections = _server.UpSections(DeviceRoles.Worker);
        _payloads = new byte[workers.Window][];
        _results = new ClientTaskResult[workers.Window];
    }

    /// <summary>Asks a cohort that the seed picks.</summary>
    public StatisticsReport Take(RoundKey key, ModelContent model, CancellationToken cancellationToken)
    {
        int[] cohort = [.. new UniformSelection(_job.Seed).Select(
            key, 0, _setup.Clients.Count, Math.Min(RoundTerms.ForStatistics(_job).Target, _setup.Clients.Count))];
        var aggregate = new CohortAggregate(_sections, RoundPlans.FormsOf(TaskKind.Statistics, _server), []);
        long bytesUp = 0;
        int counted = 0;
        _workers.Run(
            cohort.Length,
            (worker, item, slot) => _results[slot] = Work(worker, key, cohort[item], model, slot, cancellationToken),
            (item, slot) =>
            {
                cancellationToken.ThrowIfCancellationRequested();
                ClientTaskResult result = _results[slot];
                string client = _setup.Clients[cohort[item]].Name;
                if (FaultOf(result, slot) is { } fault)
                {
                    _failures.Add(new ClientFailure(key.Round, client, fault.Kind, fault.Reason));
                    return true;
                }

                bytesUp += WireSizes.Up(_sections);
                aggregate.Add(_payloads[slot], new UpdateCommitted(
                    key, AssignmentIds.Of(key, item), client, "simulation", "", _payloads[slot].Length, 0, result.Weight, 0, double.NaN, 0, 0, DeviceRoles.Worker));
                counted++;
                return true;
            },
            cancellationToken);
        RoundAggregate sums = aggregate.Report();
        return new StatisticsReport(
            key.Round,
            cohort.Length,
            counted,
            bytesUp,
            cohort.Length * WireSizes.Down(model.Schema, []),
            counted > 0 ? PooledStatistics.Of(key.Round, sums, model.Schema) : null);
    }

    private ClientTaskResult Work(ModelWorker worker, RoundKey key, int client, ModelContent model, int slot, CancellationToken cancellationToken)
    {
        if (Vanishes(key, client))
        {
            return default;
        }

        _payloads[slot] ??= new byte[ClientUpdate.PayloadLength(_sections)];
        var update = new ClientUpdate(_sections, _payloads[slot]);
        var task = new ClientTask
        {
            Schema = model.Schema,
            Parameters = model.Parameters,
            Statistics = model.Statistics,
            Counts = model.Counts,
            Settings = _server.TrainingFor(key, (uint)client, DeviceRoles.Worker),
            Round = (uint)key.Round,
        };
        try
        {
            worker.Use(model.Mask);
            worker.Objective.Select(_setup.Dataset.Examples, _setup.Clients[client].Rows);
            return new ClientTaskResult(_client.Run(task, worker.Solver, update, cancellationToken), null, update.Weight, 0, double.NaN, 0);
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or OutOfMemoryException))
        {
            return new ClientTaskResult(null, $"{exception.GetType().Name}: {exception.Message}", 0, 0, double.NaN, 0);
        }
    }

    /// <summary>Why the sums do not count: what a device would report, or its gateway refuse.</summary>
    private UpdateFault? FaultOf(ClientTaskResult result, int slot)
    {
        if (result.Outcome != ClientOutcome.Completed)
        {
            return result switch
            {
                { Error: { } error } => new UpdateFault(ErrorKinds.Exception, error),
                { Outcome: ClientOutcome.Nothing } => new UpdateFault("no-examples", "The client has no examples to sum."),
                _ => new UpdateFault(
                    ErrorKinds.DroppedOut,
                    FormattableString.Invariant($"The client vanished while statistics were taken (drop-out probability {_setup.Request.DropOut}).")),
            };
        }

        if (UpdateFault.Find(_job.Bounds with { MaxNorm = 0 }, result, _sections, _payloads[slot]) is { } fault)
        {
            return fault;
        }

        return StatisticsFault.Find(_sections, _payloads[slot], result.Weight) is { } impossible
            ? new UpdateFault(ErrorKinds.ImpossibleStatistics, impossible)
            : null;
    }

    // The third coordinate sets these draws apart from those of the training round of the same number.
    private bool Vanishes(RoundKey key, int client) =>
        _setup.Request.DropOut > 0
        && new CounterRandom(_job.Seed, RandomPurpose.Faults, (uint)client, (uint)key.Round, 1).NextDouble() < _setup.Request.DropOut;
}
