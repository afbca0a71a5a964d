using System.Collections.Immutable;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Coordination.Compression;

/// <summary>Uploads whose DELTA section is a frame.</summary>
internal static class DeltaFrames
{
    /// <summary>The sections of an update when its DELTA is compressed.</summary>
    public static ImmutableArray<SectionSpec> Of(IEnumerable<SectionSpec> sections) =>
        [.. sections.Select(section => section.Role == SectionRole.Delta ? SectionSpecs.Framed(section) : section)];

    /// <summary>What a task says of a compressor without feedback; null where updates are dense.</summary>
    public static UpdateCompression? WithoutFeedback(JobDefinition job)
    {
        var spec = CompressionSpec.Parse(job.Compression.Up);
        return spec.IsActive ? new UpdateCompression { Spec = spec.ToString() } : null;
    }
}
