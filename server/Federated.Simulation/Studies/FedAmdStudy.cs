using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;

namespace Federated.Simulation.Studies;

/// <summary>
/// FedAMD against FedAvg, SCAFFOLD and two other variance-reduced algorithms under strong heterogeneity: LeNet, two labels a client. The full study has 100 clients, 20 a round, 10 steps of 64
/// examples, and whole shards as large batches; the quick one has 20 clients, 10 a round,
/// smaller batches and one seed.
/// </summary>
/// <remarks>
/// The local rates are those of 0.02, 0.05 and 0.1 that did best in a few trials near the quick study's sizes; with FedPAGE and BVR-L-SGD none of those tried was stable.
/// </remarks>
internal sealed class FedAmdStudy : IStudyPlan
{
    public string Name => "fedamd";

    public string Question => "What do FedAMD's anchors cost and bring, compared with averaging, control variates and other variance reduction, when every client has two labels only?";

    public Study Create(bool isQuick, string dataset)
    {
        SimulationRequest request = isQuick
            ? Request(dataset, clients: 20, cohort: 10, rounds: 150, batch: 32)
            : Request(dataset, clients: 100, cohort: 20, rounds: 500, batch: 64);
        Dictionary<string, double> batch = isQuick ? new() { ["largeBatch"] = 256 } : [];
        return new Study(
            Name,
            Question,
            [
                Arm(request, "FedAvg", "fedavg", 0.05, []),
                Arm(request, "SCAFFOLD", "scaffold", 0.02, []),
                // Its server step is in units of a gradient: K times the local rate is as far as the others go in a round.
                Arm(request, "FedPAGE", "fedpage", 0.02, batch, serverRate: 10 * 0.02),
                Arm(request, "BVR-L-SGD", "bvrlsgd", 0.02, batch),
                Arm(request, "FedAMD p = 0.2", "fedamd", 0.02, With(batch, "probability", 0.2)),
                Arm(request, "FedAMD p = 0.5", "fedamd", 0.02, With(batch, "probability", 0.5)),
                Arm(request, "FedAMD rule 2", "fedamd", 0.02, With(batch, "rule", 2)),
                Arm(request, "FedAMD period 2", "fedamd", 0.05, With(batch, "period", 2)),
            ],
            isQuick ? [1] : [1, 2, 3, 4, 5],
            Target: isQuick ? 0.5 : 0.7);
    }

    private static SimulationRequest Request(string dataset, int clients, int cohort, int rounds, int batch) => new()
    {
        Job = new JobDefinition
        {
            Name = "fedamd",
            Model = "lenet",
            Rounds = rounds,
            Local = new LocalSettings { Epochs = 0, Steps = 10, BatchSize = batch, LearningRate = 0.02 },
            Round = new RoundSettings { CohortSize = cohort },
            Aggregation = new AggregationSettings { Weighting = "uniform" },
            Evaluation = new EvaluationSettings { EveryRounds = 10 },
        },
        Dataset = new DatasetRequest { Source = dataset },
        Partition = new PartitionSpec(PartitionKind.Shards, LabelsPerClient: 2),
        Clients = clients,
    };

    private static StudyArm Arm(SimulationRequest request, string name, string algorithm, double rate, Dictionary<string, double> parameters, double? serverRate = null) =>
        new(name, "2 labels", request with
        {
            Job = request.Job with
            {
                Algorithm = new AlgorithmSettings { Name = algorithm, Parameters = parameters },
                Local = request.Job.Local with { LearningRate = rate },
                ServerOptimizer = new ServerOptimizerSettings { LearningRate = serverRate },
            },
        });

    private static Dictionary<string, double> With(Dictionary<string, double> parameters, string name, double value) => new(parameters) { [name] = value };
}
