using System.Buffers.Binary;
using System.IO.Hashing;
using Federated.Client.Sparse;
using Federated.Client.Sparse.Files;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Sparse.Files;

/// <summary>Networks as files, and files changed with their checksums made right again.</summary>
internal static class TinyNetworks
{
    public static ModelSchema SmallSchema { get; } =
        new([new TensorSpec("fc.weight", [2, 3]), new TensorSpec("fc.bias", [2])], maskEpoch: 9, architecture: "tiny");

    /// <summary>Two outputs of three features, then ReLU.</summary>
    public static SparseNetwork Small() => SparseNetwork.FromModel(
        new SparseArchitecture
        {
            Channels = 3,
            Layers = [new SparseLayer { Kind = SparseLayerKind.Linear, Name = "fc", Outputs = 2 }, new SparseLayer { Kind = SparseLayerKind.Relu }],
        },
        SmallSchema,
        [0, 2, 0, -1, 0, 0.5f, 0.25f, -0.25f],
        []);

    public static SparseNetwork Of(ZooModel model) =>
        SparseNetwork.FromModel(ZooArchitecture.Of(model.Content.Schema, model.Input), model.Content.Schema, model.Content.Parameters, model.Content.Statistics);

    public static byte[] File(SparseNetwork network, ModelSchema schema)
    {
        using var stream = new MemoryStream();
        FedTinyFile.Write(stream, network, schema);
        return stream.ToArray();
    }

    public static float[] Scores(SparseNetwork network, float[] inputs)
    {
        float[] scores = new float[inputs.Length / network.InputLength * network.OutputLength];
        new SparseInference(network).Run(inputs, scores);
        return scores;
    }

    public static byte[] With(byte[] file, int offset, int value)
    {
        byte[] changed = [.. file];
        BinaryPrimitives.WriteInt32LittleEndian(changed.AsSpan(offset), value);
        return Reseal(changed);
    }

    /// <summary>Makes the checksums right for whatever the file says, as far as its sections lie within it.</summary>
    public static byte[] Reseal(byte[] file)
    {
        int layers = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(12));
        for (int i = 0; i < layers && 192 + (96 * i) <= file.Length; i++)
        {
            Span<byte> record = file.AsSpan(96 + (96 * i), 96);
            int outputs = BinaryPrimitives.ReadInt32LittleEndian(record[12..]), columns = BinaryPrimitives.ReadInt32LittleEndian(record[28..]);
            int entries = BinaryPrimitives.ReadInt32LittleEndian(record[32..]);
            ReadOnlySpan<long> counts =
            [
                columns == 0 ? 0 : outputs + 1L, entries, entries,
                BinaryPrimitives.ReadInt32LittleEndian(record[36..]), BinaryPrimitives.ReadInt32LittleEndian(record[40..]),
            ];
            var hash = new XxHash3();
            for (int s = 0; s < counts.Length; s++)
            {
                long offset = BinaryPrimitives.ReadInt64LittleEndian(record[(48 + (8 * s))..]);
                if (offset >= 0 && counts[s] >= 0 && 4 * counts[s] <= file.Length - offset)
                {
                    hash.Append(file.AsSpan((int)offset, (int)(4 * counts[s])));
                }
            }

            BinaryPrimitives.WriteUInt64LittleEndian(record[88..], hash.GetCurrentHashAsUInt64());
        }

        long table = 96 + (96L * layers);
        if (layers >= 0 && table <= file.Length)
        {
            var hash = new XxHash3();
            hash.Append(file.AsSpan(0, 88));
            hash.Append(file.AsSpan(96, (int)table - 96));
            BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(88), hash.GetCurrentHashAsUInt64());
        }

        return file;
    }
}
