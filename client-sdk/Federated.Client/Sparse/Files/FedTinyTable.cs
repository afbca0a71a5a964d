using System.Buffers.Binary;
using System.Collections.Immutable;
using System.IO.Hashing;

namespace Federated.Client.Sparse.Files;

/// <summary>The header and the layers of a file that may come from anybody, checked before anything is made of them.</summary>
internal sealed class FedTinyTable
{
    private FedTinyTable(SparseArchitecture architecture, FedTinyRecord[] records, FedTinySections[] sections)
    {
        Architecture = architecture;
        Records = records;
        Sections = sections;
    }

    public SparseArchitecture Architecture { get; }

    public FedTinyRecord[] Records { get; }

    public FedTinySections[] Sections { get; }

    public static ulong Checksum(ReadOnlySpan<byte> table)
    {
        var hash = new XxHash3();
        hash.Append(table[..88]);
        hash.Append(table[FedTinyLayout.HeaderBytes..]);
        return hash.GetCurrentHashAsUInt64();
    }

    /// <param name="file">The whole file.</param>
    /// <param name="maxActivations">Most floats that all layers together may need for one example.</param>
    /// <exception cref="InvalidDataException">A field is wrong; the message names it.</exception>
    public static FedTinyTable Parse(ReadOnlySpan<byte> file, long maxActivations)
    {
        // 1. The header.
        if (file.Length < FedTinyLayout.HeaderBytes || !file.StartsWith(FedTinyLayout.Magic))
        {
            throw new InvalidDataException($"Not a .fedtiny file: it has {file.Length} bytes and no magic 'FEDTINY' at its start.");
        }

        int version = Number(file, 8), layers = Number(file, 12);
        long fileBytes = BinaryPrimitives.ReadInt64LittleEndian(file[32..]);
        if (version != FedTinyLayout.Version)
        {
            throw new InvalidDataException($"Header: 'version' is {version}; this build reads {FedTinyLayout.Version}.");
        }

        if (fileBytes != file.Length)
        {
            throw new InvalidDataException($"Header: 'file bytes' is {fileBytes}; the file has {file.Length}.");
        }

        if (layers < 1 || layers > SparseArchitecture.MaxLayers || FedTinyLayout.HeaderBytes + (layers * FedTinyLayout.RecordBytes) > file.Length)
        {
            throw new InvalidDataException($"Header: 'layers' is {layers}; a file of {file.Length} bytes holds 1 to {Math.Min(SparseArchitecture.MaxLayers, (file.Length - FedTinyLayout.HeaderBytes) / FedTinyLayout.RecordBytes)}.");
        }

        int tableBytes = FedTinyLayout.HeaderBytes + (layers * FedTinyLayout.RecordBytes);
        if (BinaryPrimitives.ReadUInt64LittleEndian(file[88..]) != Checksum(file[..tableBytes]))
        {
            throw new InvalidDataException("Header: 'checksum' does not fit the header and the layer table; the file is damaged.");
        }

        if (BinaryPrimitives.ReadInt64LittleEndian(file[80..]) != 0)
        {
            throw new InvalidDataException("Header: 'reserved' must be 0.");
        }

        // 2. The layers and where their numbers stand.
        var records = new FedTinyRecord[layers];
        var sections = new FedTinySections[layers];
        long end = tableBytes;
        for (int i = 0; i < layers; i++)
        {
            ReadOnlySpan<byte> record = file.Slice(FedTinyLayout.HeaderBytes + (i * FedTinyLayout.RecordBytes), FedTinyLayout.RecordBytes);
            records[i] = FedTinyRecord.Read(i, record, fileBytes, ref end, out sections[i], out ulong checksum);
            if (checksum != ChecksumOf(file, records[i], sections[i]))
            {
                throw new InvalidDataException($"Layer {i}: 'checksum' does not fit its sections; the file is damaged.");
            }
        }

        if (end != fileBytes)
        {
            throw new InvalidDataException($"The sections end at byte {end}; the file has {fileBytes}.");
        }

        // 3. Whether the network can be run, and in how much memory.
        var architecture = new SparseArchitecture
        {
            Channels = Number(file, 16),
            Height = Number(file, 20),
            Width = Number(file, 24),
            Layers = [.. records.Select(record => record.Layer)],
        };
        var table = new FedTinyTable(architecture, records, sections);
        table.CheckShapes(Number(file, 28), maxActivations);
        return table;
    }

    private static int Number(ReadOnlySpan<byte> file, int offset) => BinaryPrimitives.ReadInt32LittleEndian(file[offset..]);

    private static ulong ChecksumOf(ReadOnlySpan<byte> file, FedTinyRecord record, FedTinySections sections)
    {
        var hash = new XxHash3();
        hash.Append(file.Slice((int)sections.Pointers, 4 * record.Pointers));
        hash.Append(file.Slice((int)sections.Columns, 4 * record.Entries));
        hash.Append(file.Slice((int)sections.Values, 4 * record.Entries));
        hash.Append(file.Slice((int)sections.Scales, 4 * record.Scales));
        hash.Append(file.Slice((int)sections.Shifts, 4 * record.Shifts));
        return hash.GetCurrentHashAsUInt64();
    }

    // What a layer takes for one example: its output, and for a convolution its padded input and a place for each column of its weights.
    private static long FloatsOf(FedTinyRecord record, SparseShape input, SparseShape output)
    {
        long padding = 2L * record.Layer.Padding;
        return record.Layer.Kind == SparseLayerKind.Convolution
            ? checked((input.Channels * (input.Height + padding) * (input.Width + padding)) + record.Columns + output.Length)
            : record.Columns + (long)output.Length;
    }

    private void CheckShapes(int outputs, long maxActivations)
    {
        try
        {
            ImmutableArray<SparseShape> shapes = Architecture.Shapes();
            var input = new SparseShape(Architecture.Channels, Architecture.Height, Architecture.Width);
            long total = input.Length;
            for (int i = 0; i < shapes.Length; i++)
            {
                total += FloatsOf(Records[i], Records[i].Layer.Inputs[0] is >= 0 and var index ? shapes[index] : input, shapes[i]);
                if (total > maxActivations)
                {
                    throw new InvalidDataException($"Layer {i}: with it the layers need {total} floats for one example; the reader allows {maxActivations}.");
                }
            }

            if (shapes[^1].Length != outputs)
            {
                throw new InvalidDataException($"Header: 'scores' is {outputs}; the last layer puts out {shapes[^1].Length}.");
            }
        }
        catch (Exception exception) when (exception is ArgumentException or OverflowException)
        {
            throw new InvalidDataException($"The layers make no network: {exception.Message}", exception);
        }
    }
}
