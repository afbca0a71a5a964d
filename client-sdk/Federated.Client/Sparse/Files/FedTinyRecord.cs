using System.Buffers.Binary;

namespace Federated.Client.Sparse.Files;

/// <summary>A layer of the file's table: what it computes, and where its numbers stand.</summary>
internal readonly record struct FedTinyRecord(SparseLayer Layer, int Columns, int Entries, int Scales, int Shifts)
{
    private const int Fields = 11;

    /// <summary>Row pointers of the matrix; 0 for a layer without one.</summary>
    public int Pointers => Columns == 0 ? 0 : Layer.Outputs + 1;

    public static FedTinyRecord Of(SparseNetwork network, int layer)
    {
        SparseLayerWeights weights = network.Weights[layer];
        return new FedTinyRecord(
            network.Architecture.Layers[layer] with { Inputs = network.Architecture.InputsOf(layer) },
            weights.Matrix?.Columns ?? 0,
            weights.Matrix?.Count ?? 0,
            weights.Scale.Length,
            weights.Shift.Length);
    }

    /// <summary>Where the sections start, in their order: row pointers, columns, values, scales, shifts.</summary>
    /// <param name="end">Byte behind the section before the first; moved behind the last.</param>
    public FedTinySections Place(ref long end) =>
        new(
            FedTinyLayout.Place(Pointers, ref end),
            FedTinyLayout.Place(Entries, ref end),
            FedTinyLayout.Place(Entries, ref end),
            FedTinyLayout.Place(Scales, ref end),
            FedTinyLayout.Place(Shifts, ref end));

    public void Write(FedTinySections sections, ulong checksum, Span<byte> bytes)
    {
        ReadOnlySpan<int> fields =
        [
            (int)Layer.Kind, Layer.Inputs[0], Layer.Inputs.Length > 1 ? Layer.Inputs[1] : FedTinyLayout.NoInput,
            Layer.Outputs, Layer.Kernel, Layer.Stride, Layer.Padding, Columns, Entries, Scales, Shifts, 0,
        ];
        for (int i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes[(4 * i)..], fields[i]);
        }

        ReadOnlySpan<long> offsets = [sections.Pointers, sections.Columns, sections.Values, sections.Scales, sections.Shifts];
        for (int i = 0; i < offsets.Length; i++)
        {
            BinaryPrimitives.WriteInt64LittleEndian(bytes[(48 + (8 * i))..], offsets[i]);
        }

        BinaryPrimitives.WriteUInt64LittleEndian(bytes[88..], checksum);
    }

    /// <summary>Reads a record that may come from anybody and checks it against itself and the byte at which its sections must start.</summary>
    /// <param name="index">Position of the layer.</param>
    /// <param name="bytes">The record.</param>
    /// <param name="fileBytes">Bytes of the file.</param>
    /// <param name="end">Byte behind the section before its first; moved behind its last.</param>
    /// <param name="sections">Where its numbers stand.</param>
    /// <param name="checksum">XxHash3 of its sections.</param>
    /// <exception cref="InvalidDataException">A field is wrong; the message names it.</exception>
    public static FedTinyRecord Read(int index, ReadOnlySpan<byte> bytes, long fileBytes, ref long end, out FedTinySections sections, out ulong checksum)
    {
        Span<int> fields = stackalloc int[Fields + 1];
        for (int i = 0; i < fields.Length; i++)
        {
            fields[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * i)..]);
        }

        int kind = Within(index, "kind", fields[0], 0, (int)SparseLayerKind.Flatten);
        int first = Within(index, "first input", fields[1], -1, index - 1);
        int second = Within(index, "second input", fields[2], FedTinyLayout.NoInput, index - 1);
        var layer = new SparseLayer
        {
            Kind = (SparseLayerKind)kind,
            Inputs = second == FedTinyLayout.NoInput ? [first] : [first, second],
            Outputs = Within(index, "outputs", fields[3], 0, SparseArchitecture.MaxDimension),
            Kernel = Within(index, "kernel", fields[4], 0, SparseArchitecture.MaxDimension),
            Stride = Within(index, "stride", fields[5], 0, SparseArchitecture.MaxDimension),
            Padding = Within(index, "padding", fields[6], 0, SparseArchitecture.MaxDimension),
        };
        bool matrix = layer.Kind is SparseLayerKind.Convolution or SparseLayerKind.Linear;
        int columns = Within(index, "columns", fields[7], matrix ? 1 : 0, matrix ? int.MaxValue : 0);
        var record = new FedTinyRecord(
            layer,
            columns,
            Within(index, "entries", fields[8], 0, (int)Math.Min(int.MaxValue, (long)layer.Outputs * columns)),
            Within(index, "scales", fields[9], 0, SparseArchitecture.MaxDimension),
            Within(index, "shifts", fields[10], 0, SparseArchitecture.MaxDimension));
        Within(index, "reserved", fields[11], 0, 0);
        sections = record.Place(ref end);
        ReadOnlySpan<long> expected = [sections.Pointers, sections.Columns, sections.Values, sections.Scales, sections.Shifts];
        ReadOnlySpan<string> names = ["row pointers", "columns", "values", "scales", "shifts"];
        for (int i = 0; i < expected.Length; i++)
        {
            long offset = BinaryPrimitives.ReadInt64LittleEndian(bytes[(48 + (8 * i))..]);
            if (offset != expected[i])
            {
                throw new InvalidDataException($"Layer {index}: its {names[i]} start at byte {offset}; behind the section before them that is byte {expected[i]}.");
            }
        }

        if (end > fileBytes)
        {
            throw new InvalidDataException($"Layer {index}: its sections end at byte {end}; the file has {fileBytes}.");
        }

        checksum = BinaryPrimitives.ReadUInt64LittleEndian(bytes[88..]);
        return record;
    }

    private static int Within(int layer, string field, int value, int least, int most) =>
        value >= least && value <= most
            ? value
            : throw new InvalidDataException($"Layer {layer}: '{field}' is {value}; {(least == most ? $"it must be {least}" : $"{least} to {most} is possible")}.");
}
