using Federated.Aggregation.Robust.Mixing;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>The pre-aggregations of the catalogue.</summary>
internal static class MixingEntries
{
    private const string Majority = "2f < n";

    public static IReadOnlyList<MixingEntry> All { get; } =
    [
        new(
            Describe("nnm", "Nearest-neighbour mixing: each update becomes the mean of its n − f nearest, itself among them.", Majority),
            (arguments, _) => new NearestNeighbourMixing(arguments.Byzantine),
            (_, n) => n,
            (arguments, n) => RobustCondition.MajorityFault("nnm", n, arguments.Byzantine)),
        new(
            Describe(
                "bucketing",
                "Means of buckets of updates in random order; the rule sees fewer vectors, each Byzantine update spoils one.",
                "what the rule needs, with ⌈n / size⌉ for n",
                new RuleParameter("size", "updates", 2, 1, 1000, "Updates of a bucket.", IsWhole: true)),
            (arguments, random) => new BucketMixing(arguments.Whole("size"), random),
            (arguments, n) => (n + arguments.Whole("size") - 1) / arguments.Whole("size"),
            (_, n) => RobustCondition.MajorityFault("bucketing", n, 0)),
        new(
            Describe(
                "clipping",
                "Updates longer than a bound are shortened to it.",
                "",
                new RuleParameter("bound", "L2 norm of an update", 2, 1e-12, double.PositiveInfinity, "The largest norm.")),
            (arguments, _) => new ClipMixing(arguments["bound"]),
            (_, n) => n,
            (_, n) => RobustCondition.MajorityFault("clipping", n, 0)),
        new(
            Describe("arc", "Adaptive robust clipping: the ⌊2(f/n)(n − f)⌋ longest updates are shortened to the next norm.", Majority),
            (arguments, _) => new AdaptiveClipMixing(arguments.Byzantine),
            (_, n) => n,
            (arguments, n) => RobustCondition.MajorityFault("arc", n, arguments.Byzantine)),
    ];

    private static RuleDescription Describe(string name, string summary, string needs, params IReadOnlyList<RuleParameter> parameters) =>
        new(name, RuleFamily.Gram, summary, needs, "", parameters);
}
