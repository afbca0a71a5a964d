using Federated.Protocol.Jobs;

namespace Federated.Simulation.Studies;

/// <summary>
/// FedTiny, each of its modules alone, and other ways to choose a mask, at four densities beside the dense model. The quick study has a small CNN, and FedTiny at one density of a very narrow ResNet-18;
/// the full one has that CNN and a ResNet-18 at twice the width each.
/// </summary>
/// <remarks>Settings are round numbers, found for the dense model and a mask that stays; no method is tuned.</remarks>
internal sealed class PruningStudy : IStudyPlan
{
    private static readonly double[] Densities = [0.1, 0.05, 0.01, 0.005];

    private static readonly string[] QuickResNetMethods = ["dense", "FedTiny", "selection only", "adjustment only", "uniform"];

    private static readonly (string Name, Func<PruningSettings, PruningSettings> Settings)[] Methods =
    [
        ("FedTiny", settings => settings),
        ("selection only", settings => settings with { StopAdjusting = 0 }),
        ("adjustment only", settings => settings with { Candidates = 1 }),
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

    public Study Create(bool isQuick, string dataset)
    {
        var task = new PruningTask(isQuick, dataset);
        return new Study(
            Name,
            Question,
            isQuick
                ? [.. Arms(task, "cnn-bn", Densities, _ => true), .. Arms(task, "resnet18:8", [0.05], QuickResNetMethods.Contains)]
                : [.. Arms(task, "cnn-bn:32", Densities, _ => true), .. Arms(task, "resnet18:16", Densities, _ => true)],
            [1, 2, 3],
            Target: isQuick ? 0.7 : 0.8)
        {
            SideBySide = isQuick ? 2 : 1,
        };
    }

    private static IEnumerable<StudyArm> Arms(PruningTask task, string model, double[] densities, Predicate<string> has) =>
        from density in densities
        from method in Methods.Prepend((Name: "dense", Settings: _ => new PruningSettings()))
        where has(method.Name)
        select new StudyArm(
            method.Name,
            FormattableString.Invariant($"{model} density {density}"),
            task.Request(model, method.Settings(task.Settings(model, density))));
}
