using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Devices;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;

namespace Federated.Simulation.Studies;

/// <summary>
/// Rounds against no rounds when devices differ in speed, in the steps that they do, and in how often they offer themselves. As many clients work at the same time in every arm, and a version of
/// those with a buffer is made of as many updates as a round. The quick study has softmax regression on 30 clients, the full one LeNet on 100.
/// </summary>
/// <remarks>Local rate and server rates are ours: those that normalise by steps move by the mean number of steps, as FedNova does by itself.</remarks>
internal sealed class AnarchicStudy : IStudyPlan
{
    private const int Steps = 20;

    private static readonly (string Name, DeviceProfile Devices)[] Arrivals =
    [
        ("uniform arrivals", Profile("anarchic-uniform", fast: 1, middle: 1)),
        ("skewed arrivals", Profile("anarchic-skewed", fast: 20, middle: 5)),
    ];

    public string Name => "anarchic";

    public string Question => "What do algorithms without rounds gain when devices differ in speed and effort, and what do they lose when the fast ones come more often?";

    public Study Create(bool isQuick, string dataset) => new(
        Name,
        Question,
        [.. Arrivals.SelectMany(arrivals => Arms(isQuick, dataset, arrivals.Name, arrivals.Devices))],
        isQuick ? [1, 2, 3] : [1, 2, 3, 4, 5],
        Target: isQuick ? 0.75 : 0.7);

    private static IEnumerable<StudyArm> Arms(bool isQuick, string dataset, string group, DeviceProfile devices)
    {
        int cohort = isQuick ? 10 : 20;
        int rounds = isQuick ? 150 : 600;
        Dictionary<string, double> buffer = new() { ["buffer"] = cohort };
        SimulationRequest Of(string algorithm, double serverRate, Dictionary<string, double> parameters, int updates = 1) => new()
        {
            Job = new JobDefinition
            {
                Name = "anarchic",
                Model = isQuick ? "logistic" : "lenet",
                Rounds = rounds * updates,
                Algorithm = new AlgorithmSettings { Name = algorithm, Parameters = parameters },
                Local = new LocalSettings { Epochs = 0, Steps = Steps, BatchSize = 32, LearningRate = isQuick ? 0.01 : 0.05 },
                ServerOptimizer = new ServerOptimizerSettings { LearningRate = serverRate },
                Round = new RoundSettings { CohortSize = cohort },
                Aggregation = new AggregationSettings { Weighting = "uniform" },
                Evaluation = new EvaluationSettings { EveryRounds = 5 * updates },
            },
            Dataset = new DatasetRequest { Source = dataset },
            Partition = new PartitionSpec(PartitionKind.Shards, LabelsPerClient: 2),
            Clients = isQuick ? 30 : 100,
            Devices = devices,
        };

        yield return new StudyArm("FedAvg", group, Of("fedavg", 1, []));
        yield return new StudyArm("FedNova", group, Of("fednova", 1, []));
        yield return new StudyArm("FedBuff", group, Of("fedbuff", 1, buffer));
        yield return new StudyArm("FedAsync", group, Of("fedasync", 1, new() { ["alpha"] = 0.3 }, updates: cohort));
        yield return new StudyArm("AFA-CD", group, Of("afa-cd", Steps, buffer));
        yield return new StudyArm("AFA-CS", group, Of("afa-cs", Steps, buffer));
    }

    private static DeviceProfile Profile(string name, double fast, double middle) => new()
    {
        Name = name,
        Classes =
        [
            Kind("fast", stepsPerSecond: 50, bytesPerSecond: 5e6, fast),
            Kind("middle", stepsPerSecond: 10, bytesPerSecond: 1e6, middle),
            Kind("slow", stepsPerSecond: 2, bytesPerSecond: 2e5, activity: 1),
        ],
    };

    private static DeviceClass Kind(string name, double stepsPerSecond, double bytesPerSecond, double activity) => new()
    {
        Name = name,
        StepsPerSecond = stepsPerSecond,
        Spread = 0.3,
        DownBytesPerSecond = bytesPerSecond,
        UpBytesPerSecond = bytesPerSecond / 2,
        LeastEffort = 0.1,
        MostEffort = 1.9,
        Activity = activity,
    };
}
