using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;

namespace Federated.Simulation.Studies;

/// <summary>
/// Accuracy against bytes up: every compressor at three ratios, each with every feedback and beside dense updates. Images with two labels a client, half of the clients a round; and logistic
/// regression over a9a, whose clients differ by Dirichlet(0.1) and all take part. The quick study has softmax regression on the images, the full one LeNet on 100 clients and five times the rounds.
/// </summary>
/// <remarks>a9a.txt is looked for beside the images' folder, in <c>libsvm</c>. Low rank is left out there: the model has two rows.</remarks>
internal sealed class CompressionStudy : IStudyPlan
{
    private static readonly string[] Compressors =
        ["topk:0.1", "topk:0.03", "topk:0.01", "randk:0.1", "randk:0.03", "randk:0.01", "q4", "q2", "q1", "lowrank:4", "lowrank:2", "lowrank:1"];

    private static readonly (string Name, string Text)[] Feedbacks =
        [("no feedback", ""), ("EC", "+ec"), ("EF21", "+ef21"), ("EF21-SGDM", "+ef21-sgdm"), ("EControl", "+econtrol")];

    public string Name => "compression";

    public string Question => "What do compressed updates cost in accuracy, and what do they save in bytes, on heterogeneous clients?";

    public Study Create(bool isQuick, string dataset) => new(
        Name,
        Question,
        [
            .. Arms("images", Images(isQuick, dataset), Compressors, target: null),
            .. Arms("a9a", Adult(isQuick, Path.Combine(Path.GetDirectoryName(dataset) ?? "", "libsvm", "a9a.txt")), Compressors[..9], target: 0.82),
        ],
        [1, 2, 3],
        Target: 0.6);

    private static IEnumerable<StudyArm> Arms(string data, SimulationRequest request, IEnumerable<string> compressors, double? target) =>
        from compressor in compressors
        from arm in Feedbacks.Select(feedback => (feedback.Name, Up: compressor + feedback.Text)).Prepend((Name: "dense", Up: "none"))
        select new StudyArm(arm.Name, $"{data} {compressor}", request with { Job = request.Job with { Compression = new CompressionSettings { Up = arm.Up } } }) { Target = target };

    private static SimulationRequest Images(bool isQuick, string dataset) => new()
    {
        Job = new JobDefinition
        {
            Name = "compression",
            Model = isQuick ? "logistic" : "lenet",
            Rounds = isQuick ? 60 : 300,
            Local = new LocalSettings { Epochs = 0, Steps = isQuick ? 10 : 20, BatchSize = 32, LearningRate = isQuick ? 0.02 : 0.05 },
            Round = new RoundSettings { CohortSize = isQuick ? 10 : 20 },
            Evaluation = new EvaluationSettings { EveryRounds = 5 },
        },
        Dataset = new DatasetRequest { Source = dataset },
        Partition = new PartitionSpec(PartitionKind.Shards, LabelsPerClient: 2),
        Clients = isQuick ? 20 : 100,
    };

    private static SimulationRequest Adult(bool isQuick, string path) => new()
    {
        Job = new JobDefinition
        {
            Name = "compression",
            Model = "logistic",
            Rounds = isQuick ? 60 : 300,
            Local = new LocalSettings { Epochs = 0, Steps = 10, BatchSize = 64, LearningRate = 0.1 },
            Round = new RoundSettings { CohortSize = 20 },
            Evaluation = new EvaluationSettings { EveryRounds = 5 },
        },
        Dataset = new DatasetRequest { Source = path, Format = DatasetFormat.Libsvm },
        Partition = new PartitionSpec(PartitionKind.Dirichlet, Alpha: 0.1),
        Clients = 20,
    };
}
