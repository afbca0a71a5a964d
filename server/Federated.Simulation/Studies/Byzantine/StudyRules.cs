namespace Federated.Simulation.Studies.Byzantine;

/// <summary>The rules and attacks that a study takes when none are named.</summary>
public static class StudyRules
{
    private static readonly string[] Radii = ["0.1", "0.3", "1"];

    /// <summary>A part that shows every family.</summary>
    public static IReadOnlyList<RuleCandidates> Quick { get; } =
    [
        Plain("mean"), Plain("median"), Plain("trimmed-mean"), Plain("krum"), Plain("multi-krum"), Plain("bulyan"), Plain("geometric-median"), Clipping(""),
        Plain("caf"), Plain("dnc"), Plain("signguard"), Plain("flag"),
        Plain("nnm+mean"), Plain("nnm+trimmed-mean"), Plain("nnm+geometric-median"), Plain("nnm+flag"), Plain("nnm+caf"), Plain("arc+nnm+trimmed-mean"),
    ];

    /// <summary>Every rule, and the pre-aggregations before the ones that gain by them.</summary>
    public static IReadOnlyList<RuleCandidates> All { get; } =
    [
        .. Quick, Plain("meamed"), Plain("phocas"), Plain("mda"), Plain("smea"), Plain("monna"), Plain("clipped-clustering"),
        new("sign-majority", ["sign-majority"], [0.001, 0.003, 0.01]),
        new("flag:subspace", ["flag:subspace=1", "flag:subspace=4", "flag:subspace=8"]),
        Plain("nnm+median"), Plain("nnm+multi-krum"), Plain("nnm+krum"), Plain("nnm+meamed"), Clipping("nnm+"), Plain("nnm+smea"),
        Plain("bucketing+geometric-median"), Plain("bucketing+trimmed-mean"), Plain("arc+geometric-median"), Plain("arc+trimmed-mean"), Plain("arc+nnm+flag"),
    ];

    /// <summary>One attack of each kind, and the strongest.</summary>
    public static IReadOnlyList<string> QuickAttacks { get; } =
    [
        StudyPlan.NoAttack, "gaussian", "reverse", "sign-flip", "ipm:tau=0.5", "opt-ipm", "alie", "opt-alie", "min-max", "mimic", "label-flip", "backdoor",
    ];

    /// <summary>Every attack.</summary>
    public static IReadOnlyList<string> AllAttacks { get; } = [.. QuickAttacks, "random", "drop", "ipm:tau=2", "min-max:direction=sign", "inf", "nan"];

    /// <summary>The rule that is written, as it is.</summary>
    /// <param name="text">The rule.</param>
    public static RuleCandidates Plain(string text) => new(text, [text]);

    private static RuleCandidates Clipping(string mixings) =>
        new(mixings + "centred-clipping", [.. Radii.Select(radius => $"{mixings}centred-clipping:radius={radius},iterations=3")]);
}
