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

    public static long Up(IReadOnlyList<SectionSpec> sections)
    {
        var header = new UpdateHeader { Weight = 1, LocalSteps = 1, Checksum = 1, TrainingLoss = 1, TrainingSeconds = 1 };
        header.Sections.AddRange(sections.Select(SectionSpecs.DenseHeader));
        return header.CalculateSize() + sections.Sum(SectionSpecs.DenseBytes);
    }
}
