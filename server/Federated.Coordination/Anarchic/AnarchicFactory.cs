using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Pruning;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Anarchic;

/// <summary>What the factories of the asynchronous algorithms share.</summary>
internal abstract class AnarchicFactory : AlgorithmTable, IAnarchicAlgorithmFactory
{
    /// <inheritdoc/>
    public override string ClientHalf => "fedavg";

    /// <summary>The parameters of those with a buffer.</summary>
    protected static ImmutableArray<AlgorithmParameter> Buffered { get; } =
    [
        AnarchicOptions.BufferParameter,
        AnarchicOptions.StalenessParameter,
        AnarchicOptions.PolicyParameter,
        AnarchicOptions.ClipParameter,
        AnarchicOptions.FlushSecondsParameter,
        AnarchicOptions.FlushMinimumParameter,
    ];

    protected static AlgorithmParameter Proximal { get; } =
        new("proximal", 0, "at least 0", value => value >= 0, "coefficient mu of the local term mu/2 ||y - x||²; 0 for none");

    /// <inheritdoc/>
    public abstract IAnarchicAlgorithm Create(JobDefinition job, ModelSchema schema);

    /// <inheritdoc/>
    public virtual IReadOnlyList<JobDefinitionError> Validate(JobDefinition job, ModelSchema schema) => [];

    /// <inheritdoc/>
    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        base.Check(job, errors);
        RequireAggregatedStatistics(job, errors);
        if (!AggregationRules.IsMean(job))
        {
            errors.Add(new JobDefinitionError("aggregation.rule", $"'{job.Aggregation.Rule}' is not allowed; {Name} is asynchronous and makes its own mean."));
        }

        if (job.Round.Selection != "uniform")
        {
            errors.Add(new JobDefinitionError("round.selection", $"'{job.Round.Selection}' is not allowed; {Name} is asynchronous: devices decide when they take part."));
        }

        if (CompressionSpec.Parse(job.Compression.Up).Feedback != FeedbackKind.None)
        {
            errors.Add(new JobDefinitionError(
                "compression.up",
                $"'{job.Compression.Up}' is not allowed; {Name} is asynchronous, and a feedback goes on from the last counted update of a device, which may still be on its way when the next task begins. Leave the feedback out."));
        }

        errors.AddRange(PruningCheck.Validate(job));
        if (job.Pruning is { Method: PruningMethods.FedTiny, Candidates: > 1 })
        {
            errors.Add(new JobDefinitionError(
                "pruning.candidates", $"{job.Pruning.Candidates} is not allowed; {Name} is asynchronous: it has no rounds in which devices judge candidates. Set it to 1; a model under a mask goes on from that one."));
        }

        if (job.Compression.Down != "none")
        {
            errors.Add(new JobDefinitionError(
                "compression.down",
                $"'{job.Compression.Down}' is not allowed; {Name} is asynchronous, and its devices hold versions of many ages, to which no one difference leads. Whole models are sent."));
        }
    }

    /// <summary>A buffer with every worker once can not have more places than there are workers.</summary>
    protected static void CheckBuffer(JobDefinition job, bool repeats, List<JobDefinitionError> errors)
    {
        double buffer = AnarchicOptions.BufferParameter.Of(job);
        if (!repeats && job.Round.Population > 0 && buffer > job.Round.Population)
        {
            errors.Add(new JobDefinitionError(
                $"algorithm.parameters.{AnarchicOptions.BufferParameter.Name}",
                FormattableString.Invariant($"{buffer} is not allowed; a buffer takes each of the {job.Round.Population} workers once.")));
        }

        if (AnarchicOptions.FlushMinimumParameter.Of(job) > buffer)
        {
            errors.Add(new JobDefinitionError(
                $"algorithm.parameters.{AnarchicOptions.FlushMinimumParameter.Name}",
                FormattableString.Invariant($"{AnarchicOptions.FlushMinimumParameter.Of(job)} is not allowed; a buffer has {buffer} places.")));
        }
    }
}
