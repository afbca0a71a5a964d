using Federated.Protocol.Jobs;
using Federated.Protocol.Pruning;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;

namespace Federated.Samples.EdgePruning;

/// <summary>Trains a sparse model over virtual clients that hold different classes: the active weights are chosen by FedTiny (docs/pruning.md).</summary>
internal static class EdgeTraining
{
    public static TrainedModel Run(string dataset, string model, double density, int rounds, CancellationToken cancellationToken)
    {
        var data = new DatasetRequest { Source = dataset };
        JobDefinition job = SimulationDefaults.For(data, model).ToJob(seed: 1, cohort: 10) with { Rounds = rounds };
        job.Evaluation.EveryRounds = Math.Max(1, rounds / 6);
        job.Pruning = new PruningSettings
        {
            Method = "fedtiny",
            Density = density,
            Candidates = 5,
            AdjustEvery = Math.Max(1, rounds / 15),
            StopAdjusting = rounds * 2 / 3,
            Blocks = 3,
        };
        SimulationSetup setup = SimulationSetup.Prepare(new SimulationRequest { Job = job, Dataset = data, Partition = PartitionSpec.Parse("dirichlet:0.5"), FitCohort = true });
        Console.WriteLine(FormattableString.Invariant(
            $"{model} ({setup.Model.Schema.ParameterCount:N0} parameters) on {setup.Dataset.Name}, {setup.Clients.Count} clients, {rounds} rounds"));
        SimulationOutcome outcome = new Simulator(setup, new RoundLines()).Run(cancellationToken);
        return new TrainedModel(outcome.Model, outcome.Model.Mask ?? ModelMask.Full(outcome.Model.Schema, 0), setup.Dataset);
    }

    private sealed class RoundLines : ISimulationObserver
    {
        public void ClientFinished(int round, int done, int total)
        {
        }

        public void RoundFinished(RoundReport report)
        {
            if (report.Accuracy is { } accuracy)
            {
                Console.WriteLine(FormattableString.Invariant($"round {report.Round}: accuracy {accuracy:0.0000}"));
            }
        }
    }
}
