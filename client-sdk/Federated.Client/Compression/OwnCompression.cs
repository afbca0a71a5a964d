using Federated.Protocol.Codecs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.V1;

namespace Federated.Client.Compression;

/// <summary>A device's own compressor in the place of the job's. A frame says itself what it is, so the server decodes any; the feedback stays the job's.</summary>
internal static class OwnCompression
{
    /// <summary>What is wrong with a device's compressor; null when nothing is.</summary>
    public static string? Fault(string text) => CompressionSpec.TryParse(text, out string error) switch
    {
        null => error,
        { IsActive: false } => $"'{text}' compresses nothing; leave it out to use the job's compressor.",
        { Feedback: not FeedbackKind.None } => $"'{text}' names a feedback, which is the job's; name the compressor alone.",
        _ => null,
    };

    /// <summary>The task's compression with another compressor. η goes with the compressor: half of its contraction.</summary>
    /// <param name="task">The task's compression.</param>
    /// <param name="own">The device's compressor; null for the task's.</param>
    /// <param name="schema">The model.</param>
    /// <param name="mask">Its mask; null for a dense model.</param>
    public static UpdateCompression Of(UpdateCompression task, string? own, ModelSchema schema, ModelMask? mask)
    {
        if (own is null)
        {
            return task;
        }

        CompressionSpec spec = CompressionSpec.Parse(own) with { Feedback = CompressionSpec.Parse(task.Spec).Feedback };
        UpdateCompression settings = task.Clone();
        settings.Spec = spec.ToString();
        settings.Eta = new VectorCompressor(spec, CompressionLayout.Of(schema, mask)).NominalContraction / 2;
        return settings;
    }
}
