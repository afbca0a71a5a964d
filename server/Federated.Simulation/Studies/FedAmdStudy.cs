using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;

namespace Federated.Simulation.Studies;

/// <summary>
/// FedAMD against FedAvg, SCAFFOLD and two other variance-reduced algorithms under strong heterogeneity: LeNet, two labels a client. The full study has 100 clients, 20 a round, 10 steps of 64
/// examples, and whole shards as large batches; the quick one has 20 clients, 10 a round, smaller batches and two seeds.
/// </summary>
/// <remarks>
/// Rates and clip norms are chosen for each algorithm from a few trials near the quick study's sizes. All but FedAvg correct the steps of a client by a vector of the server, and have a clip norm: on a client with
/// two labels nothing bounds that pull, and some clients leave for good without it.
/// </remarks>
internal sealed class FedAmdStudy : IStudyPlan
{
    private const double WalkClip = 1;

    public string Name => "fedamd";

    public string Question => "What do FedAMD's anchors cost and bring, compared with averaging, control variates and other variance reduction, when every client has two labels only?";

    public Study Create(bool isQuick, string dataset)
    {
        SimulationRequest request = isQuick
            ? Request(dataset, clients: 20, cohort: 10, rounds: 70, batch: 32, evaluateEvery: 5)
            : Request(dataset, clients: 100, cohort: 20, rounds: 500, batch: 64, evaluateEvery: 10);
        Dictionary<string, double> batch = isQuick ? new() { ["largeBatch"] = 256 } : [];
        return new Study(
            Name,
            Question,
            [
                Arm(request, "FedAvg", "fedavg", 0.05, []),
                Arm(request, "SCAFFOLD", "scaffold", 0.05, [], WalkClip),
                // The direction that its walks send is taken for the gradient where they began: that holds for short ones, so that the local rate is small and the server's step has a rate of its own.
                Arm(request, "FedPAGE", "fedpage", 0.005, With(batch, "probability", 0.5), WalkClip, serverRate: 0.1),
                Arm(request, "BVR-L-SGD", "bvrlsgd", 0.02, batch, WalkClip),
                Arm(request, "FedAMD p = 0.2", "fedamd", 0.02, With(batch, "probability", 0.2), WalkClip),
                Arm(request, "FedAMD p = 0.5", "fedamd", 0.02, With(batch, "probability", 0.5), WalkClip),
                Arm(request, "FedAMD opt-c", "fedamd", 0.02, With(batch, "rule", 2), WalkClip),
                Arm(request, "FedAMD period 2", "fedamd", 0.05, With(batch, "period", 2), WalkClip),
            ],
            isQuick ? [1, 2] : [1, 2, 3, 4, 5],
            Target: isQuick ? 0.5 : 0.7);
    }

    private static SimulationRequest Request(string dataset, int clients, int cohort, int rounds, int batch, int evaluateEvery) => new()
    {
        Job = new JobDefinition
        {
            Name = "fedamd",
            Model = "lenet",
            Rounds = rounds,
            Local = new LocalSettings { Epochs = 0, Steps = 10, BatchSize = batch, LearningRate = 0.02 },
            Round = new RoundSettings { CohortSize = cohort },
            Aggregation = new AggregationSettings { Weighting = "uniform" },
            Evaluation = new EvaluationSettings { EveryRounds = evaluateEvery },
        },
        Dataset = new DatasetRequest { Source = dataset },
        Partition = new PartitionSpec(PartitionKind.Shards, LabelsPerClient: 2),
        Clients = clients,
    };

    private static StudyArm Arm(
        SimulationRequest request, string name, string algorithm, double rate, Dictionary<string, double> parameters, double clipNorm = 0, double? serverRate = null) =>
        new(name, "2 labels", request with
        {
            Job = request.Job with
            {
                Algorithm = new AlgorithmSettings { Name = algorithm, Parameters = parameters },
                Local = request.Job.Local with { LearningRate = rate, ClipNorm = clipNorm },
                ServerOptimizer = new ServerOptimizerSettings { LearningRate = serverRate },
            },
        });

    private static Dictionary<string, double> With(Dictionary<string, double> parameters, string name, double value) => new(parameters) { [name] = value };
}
