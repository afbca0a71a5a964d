using Federated.Protocol.Jobs;
using Federated.Simulation.Data;
using Federated.Simulation.Engine;
using Federated.Simulation.Partitions;

namespace Federated.Simulation.Studies;

/// <summary>
/// FedTiny, each of its modules alone, and other ways to choose a mask, at four densities beside the dense model: 100 clients by Dirichlet(0.5), 10 a round. The quick study has a small CNN, five steps and 24 rounds;
/// the full one that CNN at twice the width and a narrow ResNet-18, an epoch and 200 rounds.
/// </summary>
/// <remarks>Rates are round numbers, not tuned. Rounds from one adjustment to the next are as the density schedule of the paper in proportion: adjustments end after two thirds of the rounds or earlier.</remarks>
internal sealed class PruningStudy : IStudyPlan
{
    private static readonly double[] Densities = [0.1, 0.05, 0.01, 0.005];

    private static readonly (string Name, Func<PruningSettings, PruningSettings> Settings)[] Methods =
    [
        ("FedTiny", settings => settings with { Method = "fedtiny" }),
        ("selection only", settings => settings with { Method = "fedtiny", StopAdjusting = 0 }),
        ("adjustment only", settings => settings with { Method = "fedtiny", Candidates = 1 }),
        ("uniform", settings => settings with { Method = "uniform" }),
        ("random", settings => settings with { Method = "random" }),
        ("SNIP", settings => settings with { Method = "snip" }),
        ("SynFlow", settings => settings with { Method = "synflow" }),
        ("PruneFL", settings => settings with { Method = "prunefl" }),
        ("FedDST", settings => settings with { Method = "feddst" }),
        ("GraNet", settings => settings with { Method = "granet" }),
    ];

    public string Name => "pruning";

    public string Question => "What do sparse models cost in accuracy, and what do they save in bytes, computation and memory, by the way in which their weights are chosen?";

    public Study Create(bool isQuick, string dataset) => new(
        Name,
        Question,
        [.. (isQuick ? ["cnn-bn"] : (string[])["cnn-bn:32", "resnet18:16"]).SelectMany(model => Arms(isQuick, dataset, model))],
        [1, 2, 3],
        Target: isQuick ? 0.5 : 0.75);

    private static IEnumerable<StudyArm> Arms(bool isQuick, string dataset, string model) =>
        from density in Densities
        from method in Methods.Prepend((Name: "dense", Settings: _ => new PruningSettings()))
        select new StudyArm(
            method.Name,
            FormattableString.Invariant($"{model} density {density}"),
            Request(isQuick, dataset, model, method.Settings(Pruning(isQuick, density, blocks: model.StartsWith("cnn", StringComparison.Ordinal) ? 4 : 5))));

    private static PruningSettings Pruning(bool isQuick, double density, int blocks) => new()
    {
        Density = density,
        Candidates = isQuick ? 5 : 10,
        CandidateCohort = isQuick ? 3 : 0,
        AdjustEvery = isQuick ? 2 : 5,
        StopAdjusting = isQuick ? 16 : 100,
        Blocks = blocks,
        GradientBatch = isQuick ? 32 : 64,
    };

    private static SimulationRequest Request(bool isQuick, string dataset, string model, PruningSettings pruning) => new()
    {
        Job = new JobDefinition
        {
            Name = "pruning",
            Model = model,
            Rounds = isQuick ? 24 : 200,
            Pruning = pruning,
            Local = new LocalSettings { Epochs = isQuick ? 0 : 1, Steps = isQuick ? 5 : 0, BatchSize = isQuick ? 16 : 64, LearningRate = 0.05, Momentum = 0.9, ClipNorm = 10 },
            Round = new RoundSettings { CohortSize = 10 },
            Evaluation = new EvaluationSettings { EveryRounds = isQuick ? 24 : 10 },
        },
        Dataset = new DatasetRequest { Source = dataset },
        Partition = new PartitionSpec(PartitionKind.Dirichlet, Alpha: 0.5),
        Clients = 100,
    };
}
