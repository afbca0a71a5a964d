using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;

namespace Federated.UnitTests.Simulation.Engine;

/// <summary>Small simulations on the bundled digits.</summary>
internal static class Requests
{
    public static SimulationRequest Digits(string model = "logistic", int rounds = 3, int workers = 1) => new()
    {
        Job = new JobDefinition
        {
            Model = model,
            Rounds = rounds,
            Seed = 11,
            Local = new LocalSettings { Epochs = 1, BatchSize = 8, LearningRate = 0.1 },
            Round = new RoundSettings { CohortSize = 6 },
            Evaluation = new EvaluationSettings { EveryRounds = 1 },
        },
        Dataset = new DatasetRequest { Source = "digits" },
        Partition = PartitionSpec.Parse("dirichlet:0.5"),
        Clients = 20,
        Workers = workers,
    };

    public static SimulationOutcome Run(SimulationRequest request, ISimulationObserver? observer = null, CancellationToken cancellationToken = default) =>
        new Simulator(SimulationSetup.Prepare(request), observer ?? new SilentObserver()).Run(cancellationToken);
}
