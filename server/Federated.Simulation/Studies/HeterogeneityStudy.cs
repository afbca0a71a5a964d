using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;

namespace Federated.Simulation.Studies;

/// <summary>
/// How FedAvg, FedProx, SCAFFOLD and FedNova stand different degrees of heterogeneity when everybody takes part and works long: 10 clients, 50 rounds, 10 local epochs, batch 64, rate
/// 0.01, momentum 0.9, a small CNN. The quick study has 10 rounds of 20 steps of 32 examples.
/// </summary>
internal sealed class HeterogeneityStudy : IStudyPlan
{
    private static readonly (string Name, PartitionSpec Partition)[] Partitions =
    [
        ("IID", new PartitionSpec(PartitionKind.Iid)),
        ("Dirichlet 0.5", new PartitionSpec(PartitionKind.Dirichlet, Alpha: 0.5)),
        ("2 labels", new PartitionSpec(PartitionKind.Shards, LabelsPerClient: 2)),
    ];

    private static readonly (string Name, string Algorithm)[] Algorithms =
        [("FedAvg", "fedavg"), ("FedProx", "fedprox"), ("SCAFFOLD", "scaffold"), ("FedNova", "fednova")];

    public string Name => "heterogeneity";

    public string Question => "How do FedAvg, FedProx, SCAFFOLD and FedNova stand heterogeneous clients that all take part and work long?";

    public Study Create(bool isQuick, string dataset) => new(
        Name,
        Question,
        [
            .. from partition in Partitions
               from algorithm in Algorithms
               select new StudyArm(algorithm.Name, partition.Name, Request(isQuick, dataset, partition.Partition, algorithm.Algorithm)),
        ],
        isQuick ? [1, 2] : [1, 2, 3],
        Target: isQuick ? 0.6 : 0.85);

    private static SimulationRequest Request(bool isQuick, string dataset, PartitionSpec partition, string algorithm) => new()
    {
        Job = new JobDefinition
        {
            Name = "heterogeneity",
            Model = "cnn",
            Rounds = isQuick ? 10 : 50,
            Algorithm = new AlgorithmSettings { Name = algorithm },
            Local = new LocalSettings { Epochs = isQuick ? 0 : 10, Steps = isQuick ? 20 : 0, BatchSize = isQuick ? 32 : 64, LearningRate = 0.01, Momentum = 0.9, WeightDecay = 1e-5 },
            Round = new RoundSettings { CohortSize = 10 },
            Evaluation = new EvaluationSettings { EveryRounds = isQuick ? 2 : 1 },
        },
        Dataset = new DatasetRequest { Source = dataset },
        Partition = partition,
        Clients = 10,
    };
}
