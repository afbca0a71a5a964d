using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.Statistics;

/// <summary>
/// The server half of a STATISTICS task, whatever the job's algorithm: says what devices sum. It has no state and makes no model; <see cref="PooledStatistics"/> says what
/// the sums amount to.
/// </summary>
public sealed class StatisticsServer : IServerAlgorithm
{
    private readonly StatisticsShape _shape;

    /// <summary>Creates the half for a job that takes statistics.</summary>
    /// <param name="job">A definition that <see cref="Validate"/> has nothing against.</param>
    /// <param name="schema">The schema of the model.</param>
    public StatisticsServer(JobDefinition job, ModelSchema schema)
    {
        _shape = ShapeOf(job, schema);
    }

    /// <inheritdoc/>
    public ImmutableArray<string> Roles { get; } = [DeviceRoles.Worker];

    /// <summary>What a job's statistics lack; empty when they lack nothing, or are off.</summary>
    /// <param name="job">A definition that is valid otherwise.</param>
    /// <param name="schema">The schema of the model.</param>
    public static IReadOnlyList<JobDefinitionError> Validate(JobDefinition job, ModelSchema schema)
    {
        var errors = new List<JobDefinitionError>();
        StatisticsShape shape = ShapeOf(job, schema);
        List<string> kinds = job.Statistics.Kinds;
        if (kinds.Contains("features") && shape.Features == 0)
        {
            errors.Add(new JobDefinitionError("statistics.features", $"0 is not allowed; it must be the floats of an example, because model '{job.Model}' does not tell them."));
        }

        if (kinds.Contains("labels") && shape.Labels == 0)
        {
            errors.Add(new JobDefinitionError("statistics.labels", $"0 is not allowed; it must be the number of classes, because model '{job.Model}' does not tell them."));
        }

        if (kinds.Contains("batch_norm") && shape.Channels == 0)
        {
            errors.Add(new JobDefinitionError("statistics.kinds", "batch_norm is not allowed; the model has no layer with a running mean and variance."));
        }

        return errors;
    }

    /// <inheritdoc/>
    public string RoleOf(RoundKey round, uint clientIndex) => DeviceRoles.Worker;

    /// <inheritdoc/>
    public ImmutableArray<SectionSpec> UpSections(string role) => [.. _shape.Sections()];

    /// <inheritdoc/>
    public ImmutableArray<DownSection> DownSections(string role) => [];

    /// <inheritdoc/>
    public LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role)
    {
        LocalTraining settings = _shape.ToSettings();
        settings.ClientIndex = clientIndex;
        return settings;
    }

    /// <summary>Leaves the model as it is.</summary>
    public void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
    }

    /// <inheritdoc/>
    public byte[]? SaveState() => null;

    /// <inheritdoc/>
    public void LoadState(ReadOnlySpan<byte> state)
    {
    }

    private static StatisticsShape ShapeOf(JobDefinition job, ModelSchema schema)
    {
        StatisticsSettings statistics = job.Statistics;
        (int features, int outputs) = LinearModel.SizeOf(schema);
        int classes = outputs == 1 ? 2 : outputs;
        return new StatisticsShape(
            !statistics.Kinds.Contains("features") ? 0 : statistics.Features > 0 ? statistics.Features : features,
            !statistics.Kinds.Contains("labels") ? 0 : statistics.Labels > 0 ? statistics.Labels : classes,
            statistics.Kinds.Contains("batch_norm") ? NormalisationLayer.Of(schema).Sum(layer => layer.Channels) : 0);
    }
}
