using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.OneByte;

namespace Federated.Coordination.Algorithms.OneByte;

/// <summary>The entry of the one-byte exchange: it has neither halves nor updates, since every machine applies the log itself.</summary>
internal sealed class OneByteFactory : AlgorithmFactory
{
    public override string Name => OneByteRun.Algorithm;

    public override string Summary => "One byte per gradient: slopes along shared random directions, by forward passes only; every machine applies the same log (docs/one-byte.md)";

    public override string? ClientHalf => null;

    public override ImmutableArray<AlgorithmParameter> Parameters { get; } =
    [
        Whole(OneByteRun.Probes, 1, 1, 4095, "P: directions that a machine measures on a batch, two forward passes and one byte each"),
        Whole(OneByteRun.Samples, 1, 1, 4095, "S: batches of a machine in a round"),
        Whole(OneByteRun.EpsilonExponent, -10, -30, 0, "a direction is followed to 2 to this"),
        new(OneByteRun.Noise, 0, "0 (signs), 1 (binomial of 16), 2 (binomial of 64), or with float_weights 3 (normals)", value => value is 0 or 1 or 2 or 3, "distribution of the directions"),
        new(OneByteRun.Levels, 8, "4, 8 or 16", value => value is 4 or 8 or 16, "levels an octave of the byte's magnitude"),
        Whole(OneByteRun.Bias, 64, 0, 127, "the byte that stands for 1; larger moves the range down"),
        Whole(OneByteRun.FractionBits, 40, 8, 48, "binary places of the integer weights"),
        AlgorithmParameter.Switch(OneByteRun.FloatWeights, "float32 weights, which agree as long as everybody applies directions in the same order, instead of integers, which agree always"),
        AlgorithmParameter.Switch(OneByteRun.Root, "sums are divided by the root of the number of bytes instead of the number"),
        Whole(OneByteRun.Pool, 0, 0, 1 << 20, "directions of a finite pool, whose sums replace the log; 0 for a fresh direction each time"),
        Whole(OneByteRun.Window, 64, 1, 1_000_000, "rounds between checkpoints, and between comparisons of the machines' states"),
        Whole(OneByteRun.Retain, 8, 1, 1_000_000, "checkpoints that a server keeps, with the records that led to them"),
    ];

    public override IServerAlgorithm Create(JobDefinition job, ModelSchema schema) =>
        throw new InvalidOperationException($"'{Name}' has no rounds of updates; its exchange is run by a sequencer.");

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        RequirePlainStep(job, errors);
        RequireAggregatedStatistics(job, errors);
        Refuse(errors, !AggregationRules.IsMean(job), "aggregation.rule", job.Aggregation.Rule, "a machine sends slopes along directions of its own, which no rule can compare; what one can do is bounded by the byte's largest value");
        Refuse(errors, job.Compression.Up != "none", "compression.up", job.Compression.Up, "there are no updates to compress; a gradient is one byte already");
        Refuse(errors, job.Compression.Down != "none", "compression.down", job.Compression.Down, "no model is downloaded after the start");
        Refuse(errors, job.Statistics.Kinds.Count > 0, "statistics.kinds", string.Join(", ", job.Statistics.Kinds), "there are no rounds between which statistics could be taken");
        Refuse(errors, job.Local.WeightDecay != 0, "local.weightDecay", job.Local.WeightDecay, "the log holds slopes of the loss only");
        Refuse(errors, job.Round.OverSelection != 1, "round.overSelection", job.Round.OverSelection, "whoever answers in time is in the record");
        Refuse(errors, job.Local.Momentum != 0 && Of(job, OneByteRun.Pool) != 0, "algorithm.parameters.pool", Of(job, OneByteRun.Pool), "a pool sums coefficients, whatever their round; momentum does not allow that");
        Refuse(errors, Of(job, OneByteRun.FloatWeights) != 0 && Of(job, OneByteRun.Pool) != 0, "algorithm.parameters.pool", Of(job, OneByteRun.Pool), "a pool sums integers; leave float_weights out");
        Refuse(errors, Of(job, OneByteRun.Noise) == 3 && Of(job, OneByteRun.FloatWeights) == 0, "algorithm.parameters.noise", 3, "normals from a table are no integers; set float_weights to 1");
        Refuse(errors, Of(job, OneByteRun.Probes) * Of(job, OneByteRun.Samples) > ushort.MaxValue, "algorithm.parameters.samples", Of(job, OneByteRun.Samples), "probes times samples is at most 65535");
        Refuse(errors, Math.Round(Math.ScaleB(job.Local.LearningRate, (int)Of(job, OneByteRun.FractionBits))) is < 1 or > (1L << 46), "local.learningRate", job.Local.LearningRate, "in units of 2 to minus fraction_bits it must be 1 to 2^46");
    }

    private double Of(JobDefinition job, string parameter) => Parameters.First(known => known.Name == parameter).Of(job);

    private static AlgorithmParameter Whole(string name, double standard, int least, int most, string meaning) =>
        new(name, standard, FormattableString.Invariant($"a whole number from {least} to {most}"), value => value == Math.Floor(value) && value >= least && value <= most, meaning);

    private static void Refuse(List<JobDefinitionError> errors, bool bad, string path, object value, string reason)
    {
        if (bad)
        {
            errors.Add(new JobDefinitionError(path, FormattableString.Invariant($"'{value}' is not allowed with {OneByteRun.Algorithm}: {reason}.")));
        }
    }
}
