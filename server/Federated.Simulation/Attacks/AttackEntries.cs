using Federated.Aggregation.Robust.Catalog;
using Federated.Numerics;

namespace Federated.Simulation.Attacks;

/// <summary>The attacks of the catalogue. Updates are deltas, so what is said about gradients in the sources holds with the sign turned.</summary>
internal static class AttackEntries
{
    private const double Any = double.PositiveInfinity;

    private static readonly RuleParameter Evaluations = new("evaluations", "runs of the rule", 20, 1, 10_000, "How often the rule is tried.", IsWhole: true);
    private static readonly RuleParameter Of = new("of", "", 0, 0, 1, "Whether the attacker turns its own update or sends the turned honest mean, as ByzFL does.", Choices: ["own", "mean"]);

    public static IReadOnlyList<AttackEntry> All { get; } =
    [
        Local(
            new AttackDescription(
                "random",
                "Uniform numbers in [low, high) (Flag's code).",
                new RuleParameter("low", "element", 0, -Any, Any, "Smallest number."),
                new RuleParameter("high", "element", 1, -Any, Any, "End of the range.")),
            values => (update, random) => random.FillUniform(update, (float)values["low"], (float)values["high"])),
        Local(
            new AttackDescription(
                "gaussian",
                "Normal numbers; a deviation of 200 is the one of the Krum paper.",
                new RuleParameter("mean", "element", 0, -Any, Any, "Their mean."),
                new RuleParameter("deviation", "element", 200, 0, Any, "Their standard deviation.")),
            values => (update, random) => random.FillGaussian(update, values["mean"], values["deviation"])),
        Turned(new AttackDescription("sign-flip", "The negated update.", Of), _ => -1),
        Turned(
            new AttackDescription("reverse", "The negated update, made longer (Flag's code).", new RuleParameter("scale", "ratio", 10, 0, Any, "How much longer."), Of),
            values => -values["scale"]),
        Local(
            new AttackDescription("drop", "A lossy link: each element is lost, and read as 0, with a probability.", new RuleParameter("rate", "probability", 0.1, 0, 1, "The probability.")),
            values => (update, random) => Drop(update, values["rate"], random)),
        Colluding(
            new AttackDescription("ipm", "Inner product manipulation: −τ · mean (Xie et al., UAI 2019).", new RuleParameter("tau", "ratio", 2, -Any, Any, "τ.")),
            values => round => Scaled(UpdateMoments.Mean(round.Honest), -values["tau"])),
        Colluding(
            new AttackDescription("opt-ipm", "Inner product manipulation with the τ that moves the rule's aggregate farthest.", Evaluations),
            values => round => OptimalInnerProduct(round, (int)values["evaluations"])),
        Colluding(
            new AttackDescription(
                "alie",
                "A little is enough: mean + τ · standard deviation, divided by n − 1 (Baruch et al., NeurIPS 2019).",
                new RuleParameter("tau", "standard deviations", 1.5, -Any, Any, "τ; 0 for the paper's Φ⁻¹((n − f − s)/(n − f)) with s = ⌊n/2⌋ + 1 − f.")),
            values => round => LittleIsEnough(round, values["tau"])),
        Colluding(
            new AttackDescription("opt-alie", "A little is enough, to either side, with the τ that moves the rule's aggregate farthest.", Evaluations),
            values => round => OptimalLittle(round, (int)values["evaluations"])),
        Colluding(
            new AttackDescription(
                "min-max",
                "As far from the honest mean as an update may be without standing out by its distances (Shejwalkar and Houmansadr, NDSS 2021).",
                new RuleParameter("direction", "", 0, 0, 2, "Where to: the standard deviation, the mean or its signs.", Choices: ["deviation", "unit", "sign"])),
            values => round => MinMaxCraft.Make(round.Honest, (PerturbationKind)values["direction"])),
        Colluding(
            new AttackDescription(
                "mimic",
                "All send the update of one honest client (Karimireddy et al., ICLR 2022).",
                new RuleParameter("client", "position", 0, 0, 1_000_000, "Position among the honest updates of the round.", IsWhole: true)),
            values => round => (int)values["client"] < round.Honest.Count
                ? round.Honest[(int)values["client"]].ToArray()
                : throw new SimulationException($"Attack 'mimic': the client is {values["client"]}; the round has {round.Honest.Count} honest updates, from 0.")),
        Local(new AttackDescription("inf", "Infinities."), _ => (update, _) => update.Fill(float.PositiveInfinity)),
        Local(new AttackDescription("nan", "NaNs."), _ => (update, _) => update.Fill(float.NaN)),
        new(
            new AttackDescription("label-flip", "Labels y become (number of classes − 1 − y)."),
            (text, _) => new DataAttack(text, FlipLabels)),
        new(
            new AttackDescription(
                "backdoor",
                "A patch on a share of the examples, whose label becomes the target (BadNets).",
                new RuleParameter("target", "class", 0, 0, 1_000_000, "The target.", IsWhole: true),
                new RuleParameter("size", "pixels or features", 3, 1, 10_000, "Side of the square, or number of flat features.", IsWhole: true),
                new RuleParameter("value", "scaled feature", 1, -Any, Any, "What the patch is filled with."),
                new RuleParameter("fraction", "share", 0.5, 0, 1, "Share of an attacker's examples.")),
            (text, values) => new DataAttack(text, new BackdoorPatch((int)values["target"], (int)values["size"], (float)values["value"], values["fraction"]))),
    ];

    private static AttackEntry Local(AttackDescription description, Func<IReadOnlyDictionary<string, double>, Action<Span<float>, CounterRandom>> corrupt) =>
        new(description, (text, values) => new LocalAttack(text, corrupt(values)));

    private static AttackEntry Colluding(AttackDescription description, Func<IReadOnlyDictionary<string, double>, Func<AttackRound, float[]>> craft) =>
        new(description, (text, values) => new ColludingAttack(text, craft(values)));

    private static AttackEntry Turned(AttackDescription description, Func<IReadOnlyDictionary<string, double>, double> factor) => new(
        description,
        (text, values) => values["of"] == 0
            ? new LocalAttack(text, (update, _) => VectorMath.Scale((float)factor(values), update))
            : new ColludingAttack(text, round => Scaled(UpdateMoments.Mean(round.Honest), factor(values))));

    private static void Drop(Span<float> update, double rate, CounterRandom random)
    {
        for (int i = 0; i < update.Length; i++)
        {
            update[i] = random.NextDouble() < rate ? 0 : update[i];
        }
    }

    private static float[] Scaled(float[] vector, double factor)
    {
        VectorMath.Scale((float)factor, vector);
        return vector;
    }

    private static float[] OptimalInnerProduct(AttackRound round, int evaluations)
    {
        float[] mean = UpdateMoments.Mean(round.Honest);
        return OptimisedCraft.Make(round, mean, [(new float[mean.Length], Scaled([.. mean], -1))], evaluations);
    }

    private static float[] LittleIsEnough(AttackRound round, double tau)
    {
        float[] mean = UpdateMoments.Mean(round.Honest);
        float[] deviation = UpdateMoments.Deviation(round.Honest, mean);
        VectorMath.Axpy((float)(tau == 0 ? PaperFactor(round.Honest.Count, round.Byzantine) : tau), deviation, mean);
        return mean;
    }

    // With few honest updates beside the attackers the quantile is at an end: then there is no majority to hide from.
    private static double PaperFactor(int honest, int byzantine)
    {
        int n = honest + byzantine;
        int supporters = (n / 2) + 1 - byzantine;
        double probability = (double)(honest - supporters) / honest;
        return NormalQuantile.Of(Math.Clamp(probability, 1e-6, 1 - 1e-6));
    }

    private static float[] OptimalLittle(AttackRound round, int evaluations)
    {
        float[] mean = UpdateMoments.Mean(round.Honest);
        float[] deviation = UpdateMoments.Deviation(round.Honest, mean);
        return OptimisedCraft.Make(round, mean, [(mean, deviation), (mean, Scaled([.. deviation], -1))], evaluations);
    }

    private static void FlipLabels(AttackerData data)
    {
        Span<int> labels = data.Labels.Span;
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = data.ClassCount - 1 - labels[i];
        }
    }
}
