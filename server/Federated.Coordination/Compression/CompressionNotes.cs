using Federated.Coordination.Algorithms;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Compression;

/// <summary>What somebody who starts a compressed job should know.</summary>
public static class CompressionNotes
{
    /// <summary>Whether a rule other than the mean aggregates the clients' estimates, which the server keeps.</summary>
    /// <param name="job">A valid definition.</param>
    public static bool ComparesEstimates(JobDefinition job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return CompressionSpec.Parse(job.Compression.Up).TracksEstimates && !AggregationRules.IsMean(job);
    }

    /// <summary>What of a definition does not go with the size of the model; empty when everything does.</summary>
    /// <param name="job">A definition that is valid otherwise.</param>
    /// <param name="schema">The schema of the model.</param>
    public static IReadOnlyList<JobDefinitionError> Validate(JobDefinition job, ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(schema);
        return ComparesEstimates(job) && EstimateTable.Fault(job, schema) is { } fault ? [fault] : [];
    }

    /// <summary>Clients whose estimates the server keeps at most; 0 when it keeps none one by one.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="schema">The schema of the model.</param>
    public static int EstimatesKept(JobDefinition job, ModelSchema schema) => ComparesEstimates(job) ? new EstimateTable(job, schema).Capacity : 0;

    /// <summary>One line on the compressor and, where η may make the job diverge, a warning; empty when updates are dense.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="schema">The schema of the model.</param>
    public static IReadOnlyList<string> Of(JobDefinition job, ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(job);
        var spec = CompressionSpec.Parse(job.Compression.Up);
        if (!spec.IsActive)
        {
            return [];
        }

        var compressor = new VectorCompressor(spec, CompressionLayout.Of(schema));
        double delta = compressor.NominalContraction;
        var notes = new List<string>();
        if (spec.Feedback != FeedbackKind.EControl)
        {
            notes.Add(FormattableString.Invariant($"compression {spec}: contraction {delta:0.####}, {compressor.WorstContraction:0.####} at worst"));
            return notes;
        }

        double eta = job.Compression.Eta ?? (delta / 2);
        notes.Add(FormattableString.Invariant($"compression {spec}: contraction {delta:0.####}, {compressor.WorstContraction:0.####} at worst, eta {eta:0.####}"));
        if (eta > delta)
        {
            notes.Add(FormattableString.Invariant($"warning: eta {eta:0.####} is above the contraction {delta:0.####}; econtrol may diverge. Half of the contraction is a good choice."));
        }

        return notes;
    }
}
