using Federated.Coordination.Algorithms;
using Federated.Protocol.Models;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>
/// Bytes that the live system would carry for a client: the model file and the algorithm's vectors down; header and payload up. Signatures, gRPC frames and TLS
/// are left out; they are a few hundred bytes each.
/// </summary>
internal static class WireSizes
{
    public static long Down(ModelSchema schema, IReadOnlyList<DownSection> sections) =>
        ModelFile.SizeOf(schema) + sections.Sum(section => SectionSpecs.DenseBytes(section.Spec));

    /// <summary>At most; what a frame takes is known when it is there.</summary>
    public static long Up(IReadOnlyList<SectionSpec> sections) =>
        Up([.. sections.Select(section => new SectionHeader { Spec = section, ByteLength = (ulong)SectionSpecs.MostBytes(section) })]);

    public static long Up(IReadOnlyList<SectionHeader> sections)
    {
        var header = new UpdateHeader { Weight = 1, LocalSteps = 1, Checksum = 1, TrainingLoss = 1, TrainingSeconds = 1 };
        header.Sections.AddRange(sections);
        return header.CalculateSize() + sections.Sum(section => (long)section.ByteLength);
    }
}
