using Federated.Client.Algorithms;
using Federated.Client.Compression;
using Federated.Coordination.Algorithms;
using Federated.Numerics;
using Federated.Protocol.Codecs;
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
    public static long Down(ModelSchema schema, IReadOnlyList<DownSection> sections) => ModelFile.SizeOf(schema) + Down(sections);

    public static long Down(ModelContent model, IReadOnlyList<DownSection> sections) => ModelFile.SizeOf(model) + Down(sections);

    private static long Down(IReadOnlyList<DownSection> sections) => sections.Sum(section => SectionSpecs.DenseBytes(section.Spec));

    /// <summary>At most; what a frame takes is known when it is there.</summary>
    public static long Up(IReadOnlyList<SectionSpec> sections) =>
        Up([.. sections.Select(section => new SectionHeader { Spec = section, ByteLength = (ulong)SectionSpecs.MostBytes(section) })]);

    /// <summary>Of an upload that is still to be made: a frame is as large as that of a vector of normal draws.</summary>
    public static long Planned(ModelContent model, IReadOnlyList<SectionSpec> sections, LocalTraining training)
    {
        if (training.Compression is null || sections.All(section => section.Codec != SectionCodec.Frame))
        {
            return Up(sections);
        }

        // Whoever begins with a dense difference goes on with compressed ones.
        UpdateCompression compression = training.Compression.Clone();
        (compression.DenseStart, compression.StateRound, compression.Weight) = (false, 0, 0);
        var encoder = new UpdateEncoder(model.Schema, compression, model.Mask);
        SectionSpec[] dense = [.. sections.Select(SectionSpecs.Unframed)];
        var update = new ClientUpdate(dense, new byte[ClientUpdate.PayloadLength(dense)]);
        new CounterRandom(training.Seed, RandomPurpose.Compression, uint.MaxValue).FillGaussian(update.Floats(SectionRole.Delta), 0, 1);
        EncodedUpdate encoded = encoder.Encode(
            update, [], new CompressionDraw(training.Seed, 0, uint.MaxValue), new byte[UpdateEncoder.MostBytes(sections)], new float[encoder.StateLength]);
        return Up(encoded.Sections);
    }

    public static long Up(IReadOnlyList<SectionHeader> sections)
    {
        var header = new UpdateHeader { Weight = 1, LocalSteps = 1, Checksum = 1, TrainingLoss = 1, TrainingSeconds = 1 };
        header.Sections.AddRange(sections);
        return header.CalculateSize() + sections.Sum(section => (long)section.ByteLength);
    }
}
