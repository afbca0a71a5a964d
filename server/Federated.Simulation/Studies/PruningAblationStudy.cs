using Federated.Protocol.Jobs;

namespace Federated.Simulation.Studies;

/// <summary>FedTiny's two modules, together, each alone and neither, at density 0.01: whether both together are at least as good as each, and each at least as good as a uniform mask that stays.</summary>
internal sealed class PruningAblationStudy : IStudyPlan
{
    private const double Density = 0.01;

    public string Name => "pruning-ablation";

    public string Question => "What does each of FedTiny's modules give at density 0.01: selection among candidates, and adjustment of the mask?";

    public Study Create(bool isQuick, string dataset)
    {
        var task = new PruningTask(isQuick, dataset);
        string model = isQuick ? "cnn-bn:32" : "resnet18:16";
        PruningSettings both = task.Settings(model, Density);
        (string Name, PruningSettings Settings)[] arms =
        [
            ("both", both),
            ("selection only", both with { StopAdjusting = 0 }),
            ("adjustment only", both with { Candidates = 1 }),
            ("neither", both with { Method = "uniform" }),
        ];
        return new Study(
            Name,
            Question,
            [.. arms.Select(arm => new StudyArm(arm.Name, FormattableString.Invariant($"{model} density {Density}"), task.Request(model, arm.Settings)))],
            [1, 2, 3],
            Target: isQuick ? 0.7 : 0.8);
    }
}
