using Federated.Aggregation.Robust.Coordinates;
using Federated.Aggregation.Robust.Flag;
using Federated.Aggregation.Robust.Gram;
using Federated.Aggregation.Robust.Outliers;
using Federated.Aggregation.Robust.Rules;

namespace Federated.Aggregation.Robust.Catalog;

/// <summary>The rules of the catalogue.</summary>
internal static class RuleEntries
{
    private const string Majority = "2f < n";
    private const string Anything = "n >= 1; it does not use f";
    private const string Subsets = "2f < n, and at most 200,000 subsets of n − f of n updates";
    private const string Chosen = "1 for an update that was chosen, else 0";
    private const string Distance = "negated distance to the aggregate, in units of an update's L2 norm";

    private static readonly RuleParameter Sample = new("sample", "coordinates", 10_000, 1, 10_000_000, "Coordinates of a random sample.", IsWhole: true);

    public static IReadOnlyList<RuleEntry> All { get; } =
    [
        new(
            new RuleDescription("mean", RuleFamily.Linear, "The weighted mean; not robust.", Anything, "1"),
            _ => new MeanBody(),
            (_, n) => RobustCondition.MajorityFault("mean", n, 0)),
        Coordinate("median", "The median of each coordinate.", f => new CoordinateMedian(f)),
        Coordinate("trimmed-mean", "The mean of each coordinate without its f smallest and f largest values.", f => new TrimmedMean(f)),
        Coordinate("meamed", "The mean of the n − f values of each coordinate nearest to its median.", f => new MeaMed(f)),
        Coordinate("phocas", "The mean of the n − f values of each coordinate nearest to its trimmed mean.", f => new Phocas(f)),
        Coordinate("sign-majority", "The majority of the signs of each coordinate; it has no magnitude.", f => new SignMajority(f)),
        Gram("krum", "The update nearest to its n − f − 1 nearest others.", "negated mean squared distance to the nearest others", arguments => new KrumRule(arguments.Byzantine, isMulti: false)),
        Gram("multi-krum", "The mean of the n − f updates nearest to their nearest others.", "negated mean squared distance to the nearest others", arguments => new KrumRule(arguments.Byzantine, isMulti: true)),
        new(
            new RuleDescription(
                "bulyan", RuleFamily.Composite, "Krum's choice n − 2f times, then the mean of the values of each coordinate nearest to the median.", "4f + 3 <= n", Chosen),
            arguments => new BulyanBody(arguments.Byzantine),
            (arguments, n) => RobustCondition.QuarterFault("bulyan", n, arguments.Byzantine)),
        new(
            new RuleDescription("mda", RuleFamily.Gram, "The mean of the n − f updates of the smallest diameter.", Subsets, Chosen),
            arguments => new GramBody(_ => new MinimumDiameterRule(arguments.Byzantine)),
            (arguments, n) => RobustCondition.SubsetsFault("mda", n, arguments.Byzantine)),
        new(
            new RuleDescription("smea", RuleFamily.Gram, "The mean of the n − f updates of the smallest spread.", Subsets, Chosen),
            arguments => new GramBody(_ => new SmallestSpreadRule(arguments.Byzantine)),
            (arguments, n) => RobustCondition.SubsetsFault("smea", n, arguments.Byzantine)),
        Gram("caf", "Lowers the weight of updates that deviate along the covariance's top eigenvector.", "weight of the update, 0 to 1", arguments => new CovarianceFilterRule(arguments.Byzantine)),
        new(
            new RuleDescription(
                "geometric-median",
                RuleFamily.Gram,
                "Smoothed Weiszfeld steps from 0.",
                Anything,
                "weight of the update, sum 1",
                new RuleParameter("smoothing", "L2 norm of an update", 0.1, 1e-12, double.PositiveInfinity, "Distances below it count as it."),
                new RuleParameter("iterations", "steps", 3, 1, 1000, "Weiszfeld steps.", IsWhole: true)),
            arguments => new GramBody(_ => new GeometricMedianRule(arguments["smoothing"], arguments.Whole("iterations"))),
            (_, n) => RobustCondition.MajorityFault("geometric-median", n, 0)),
        new(
            new RuleDescription(
                "centred-clipping",
                RuleFamily.Gram,
                "Steps from the last aggregate by deviations clipped to a radius.",
                Anything,
                "part of the deviation that the last clip kept, 0 to 1",
                new RuleParameter("radius", "L2 norm of an update", 100, 1e-12, double.PositiveInfinity, "Longer deviations are cut to it."),
                new RuleParameter("iterations", "steps", 1, 1, 1000, "Steps.", IsWhole: true)),
            arguments => new GramBody(hasCentre => new CentredClippingRule(arguments["radius"], arguments.Whole("iterations"), hasCentre), usesCentre: true),
            (_, n) => RobustCondition.MajorityFault("centred-clipping", n, 0)),
        new(
            new RuleDescription(
                "monna",
                RuleFamily.Gram,
                "The mean of the n − f updates nearest to a trusted one.",
                "2f < n, and a trusted update",
                "negated squared distance to the trusted update",
                new RuleParameter("pivot", "position", 0, 0, 1_000_000, "Position of the trusted update in the round.", IsWhole: true)),
            arguments => new GramBody(_ => new NearestToPivotRule(arguments.Byzantine, arguments.Whole("pivot"))),
            (arguments, n) => RobustCondition.MajorityFault("monna", n, arguments.Byzantine)
                ?? (arguments.Whole("pivot") >= n ? $"Rule 'monna': the pivot is {arguments.Whole("pivot")}; with {n} updates it is at most {n - 1}." : null)),
        new(
            new RuleDescription(
                "dnc",
                RuleFamily.Composite,
                "Drops, in random samples, the updates farthest along the leading direction; the mean of those never dropped.",
                Majority,
                "share of the samples in which the update was kept",
                Sample,
                new RuleParameter("samples", "samples", 5, 1, 1000, "Number of samples.", IsWhole: true),
                new RuleParameter("fraction", "multiples of f", 1, 0, 10, "Updates dropped at each sample.")),
            arguments => new DivideAndConquerBody(new DivideAndConquer(
                arguments.Byzantine,
                new DivideAndConquerOptions { SampleSize = arguments.Whole("sample"), Samples = arguments.Whole("samples"), FilterFraction = arguments["fraction"] })),
            (arguments, n) => RobustCondition.MajorityFault("dnc", n, arguments.Byzantine)),
        new(
            new RuleDescription(
                "signguard",
                RuleFamily.Composite,
                "The clipped mean of updates of ordinary norm whose shares of signs are in the largest cluster.",
                Anything,
                Chosen,
                Sample,
                new RuleParameter("shortest", "median norms", 0.1, 0, 1, "Norms must be above it."),
                new RuleParameter("longest", "median norms", 3, 1, double.PositiveInfinity, "Norms must be below it.")),
            arguments => new SignGuardBody(new SignGuardOptions
            {
                SampleSize = arguments.Whole("sample"), Shortest = arguments["shortest"], Longest = arguments["longest"],
            }),
            (_, n) => RobustCondition.MajorityFault("signguard", n, 0)),
        new(
            new RuleDescription(
                "clipped-clustering",
                RuleFamily.Gram,
                "The clipped mean of the larger of two clusters of directions.",
                Anything,
                Chosen,
                new RuleParameter("bound", "L2 norm of an update", 0, 0, double.PositiveInfinity, "The largest norm; 0 for the round's median norm.")),
            arguments => new GramBody(_ => new ClippedClustering(arguments["bound"] == 0 ? null : arguments["bound"])),
            (_, n) => RobustCondition.MajorityFault("clipped-clustering", n, 0)),
        new(
            new RuleDescription(
                "flag",
                RuleFamily.Gram,
                "Projects the sum of the normalised updates on the subspace that fits them best; bounds norms and denoises, does not reject colluders.",
                Anything,
                "reconstruction ratio v, 0 to 1; the coefficient u is the update's share",
                new RuleParameter("subspace", "dimensions", 0, 0, 1_000_000, "m; 0 for ⌈(n + 1)/2⌉.", IsWhole: true),
                new RuleParameter("iterations", "steps", 1, 1, FlagOptions.MostIterations, "Reweighted least-squares steps.", IsWhole: true),
                new RuleParameter("epsilon", "squared ratio", 1e-7, 1e-300, double.PositiveInfinity, "Smoothing inside the root."),
                new RuleParameter("pair-weight", "ratio", 0, 0, double.PositiveInfinity, "λ of the pair terms."),
                new RuleParameter("normalised-pairs", "", 1, 0, 1, "Whether differences of pairs are normalised.", Choices: ["no", "yes"]),
                new RuleParameter("form", "", 0, 0, 2, "What is projected and how it is scaled.", Choices: ["rescaled", "normalised", "raw"])),
            arguments => new FlagBody(new FlagOptions
            {
                SubspaceSize = arguments.Whole("subspace") is > 0 and int m ? m : null,
                Iterations = arguments.Whole("iterations"),
                Epsilon = arguments["epsilon"],
                PairWeight = arguments["pair-weight"],
                NormalisesPairs = arguments["normalised-pairs"] == 1,
                Form = (FlagForm)arguments.Whole("form"),
            }),
            (_, n) => RobustCondition.MajorityFault("flag", n, 0)),
    ];

    private static RuleEntry Coordinate(string name, string summary, Func<int, CoordinateRule> rule) => new(
        new RuleDescription(name, RuleFamily.Coordinate, summary, Majority, Distance),
        arguments => new CoordinateBody(arguments.Byzantine, rule),
        (arguments, n) => RobustCondition.MajorityFault(name, n, arguments.Byzantine));

    private static RuleEntry Gram(
        string name, string summary, string score, Func<RuleArguments, IGramRule> rule) => new(
        new RuleDescription(name, RuleFamily.Gram, summary, Majority, score),
        arguments => new GramBody(_ => rule(arguments)),
        (arguments, n) => RobustCondition.MajorityFault(name, n, arguments.Byzantine));
}
