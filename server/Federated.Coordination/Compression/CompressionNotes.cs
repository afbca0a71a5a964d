using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Compression;

/// <summary>What somebody who starts a compressed job should know.</summary>
public static class CompressionNotes
{
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
