using System.Collections.Immutable;
using Federated.Coordination.Rounds;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms.FedAmd;

/// <summary>Makes <see cref="FedAmdServer"/>. Who is an anchor is decided by a probability, by a period or by one of the rules, and by no two of them.</summary>
internal sealed class FedAmdFactory : AlgorithmFactory
{
    private const double DefaultProbability = 0.2;

    // p = 0 would freeze the mean of the bullseyes, and the model would drift away; with p = 1 it would never move.
    private static readonly AlgorithmParameter Probability =
        new("probability", DefaultProbability, "in (0, 1), both excluded", value => value is > 0 and < 1, "probability that a client of a round is an anchor");

    private static readonly AlgorithmParameter Period =
        new("period", 0, "0, or a whole number of at least 2", value => value == 0 || (value >= 2 && value == Math.Floor(value)), "every so many rounds all are anchors, else all are miners; 0: by probability");

    private static readonly AlgorithmParameter Rule =
        new("rule", 0, "0, 1 or 2", value => value is 0 or 1 or 2, "probability by rule: 1 the minimum of the round complexity, 2 its simple form (2/(A+2))^(1/A); 0: none");

    public static AlgorithmParameter Lazy { get; } =
        AlgorithmParameter.Switch("lazy", "1: no warm-up round of everybody; whoever has no bullseye yet is an anchor");

    public static AlgorithmParameter ServerHeld { get; } =
        AlgorithmParameter.Switch("serverHeld", "1: the server keeps every client's bullseye; 0: the clients do, and send changes that can be summed");

    public static AlgorithmParameter CacheMegabytes { get; } =
        new("cacheMegabytes", 1024, "greater than 0", value => value > 0, "bound on the bullseyes that the server keeps with serverHeld");

    public override string Name => "fedamd";

    public override string Summary => "FedAMD (Wu et al. 2023): anchors with large batches, miners with variance-reduced steps";

    public override ImmutableArray<AlgorithmParameter> Parameters =>
        [Probability, Period, Rule, Lazy, ServerHeld, CacheMegabytes, LargeBatchParameters.LargeBatch, LargeBatchParameters.PassSize];

    public override bool StartsNearby => false;

    /// <inheritdoc/>
    public override IReadOnlyList<JobDefinitionError> Validate(JobDefinition job, ModelSchema schema)
    {
        // Without a number of clients there must be room for those of one round; later ones take the place of the oldest.
        int clients = job.Round.Population > 0 ? job.Round.Population : RoundTerms.ForTraining(job).Target;
        if (!ServerHeld.IsOn(job) || clients <= MostClients(job, schema))
        {
            return [];
        }

        double needed = Math.Ceiling((double)clients * schema.ParameterCount * sizeof(float) / (1 << 20));
        return [new JobDefinitionError($"algorithm.parameters.{CacheMegabytes.Name}", clients > AlgorithmState.MostVectors(schema.ParameterCount)
            ? FormattableString.Invariant($"The bullseyes of {clients} clients need {needed} MiB, and one state of the server holds those of {AlgorithmState.MostVectors(schema.ParameterCount)}. Leave {ServerHeld.Name} out, which needs no cache.")
            : FormattableString.Invariant($"{CacheMegabytes.Of(job)} is too little; the bullseyes of {clients} clients need {needed} MiB. Raise it, or leave {ServerHeld.Name} out, which needs no cache."))];
    }

    /// <summary>Clients whose bullseyes the server can hold.</summary>
    public static long MostClients(JobDefinition job, ModelSchema schema) => Math.Min(
        (long)(CacheMegabytes.Of(job) * (1 << 20)) / (sizeof(float) * Math.Max(1L, schema.ParameterCount)), AlgorithmState.MostVectors(schema.ParameterCount));

    public override IServerAlgorithm Create(JobDefinition job, ModelSchema schema) => new FedAmdServer(job, schema, ScheduleOf(job));

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        base.Check(job, errors);
        RequireVarianceReduction(job, errors);
        int deciders = (job.Algorithm.Parameters.ContainsKey(Probability.Name) ? 1 : 0) + (Period.Of(job) > 0 ? 1 : 0) + (Rule.Of(job) > 0 ? 1 : 0);
        if (deciders > 1)
        {
            errors.Add(new JobDefinitionError("algorithm.parameters", $"Give one of '{Probability.Name}', '{Period.Name}' and '{Rule.Name}', not {deciders}."));
        }

        if (!ServerHeld.IsOn(job) && CompressionSpec.Parse(job.Compression.Up).Feedback != FeedbackKind.None)
        {
            errors.Add(new JobDefinitionError(
                "compression.up",
                $"'{job.Compression.Up}' is not allowed; a device keeps its bullseye, and a feedback remembers the differences of miners only, so one would be lost whenever its role changes. Leave the feedback out, or set {ServerHeld.Name}."));
        }

        if (!Lazy.IsOn(job) || Rule.Of(job) == 1)
        {
            RequirePopulation(job, errors);
        }
    }

    private static AnchorSchedule ScheduleOf(JobDefinition job)
    {
        RoundSettings round = job.Round;
        return (Period.Of(job), Rule.Of(job)) switch
        {
            ( > 0 and double period, _) => new AnchorSchedule.Periodic((int)period),
            (_, 1) => new AnchorSchedule.Constant(OptimalProbability.Exact(round.Population, round.CohortSize)),
            (_, 2) => new AnchorSchedule.Constant(OptimalProbability.Simple(round.CohortSize)),
            _ => new AnchorSchedule.Constant(Probability.Of(job)),
        };
    }
}
