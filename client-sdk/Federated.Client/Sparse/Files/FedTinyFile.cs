using System.Buffers.Binary;
using Federated.Protocol.Models;

namespace Federated.Client.Sparse.Files;

/// <summary>
/// A pruned network as a <c>.fedtiny</c> file (docs/fedtiny-file.md): layers, sparse weights, biases and folded batch norms, little-endian and aligned, so that
/// <see cref="SparseInference"/> runs on the mapped file without copying it. The file must not change while it is open; disposing of it ends the use of its network.
/// </summary>
public sealed class FedTinyFile : IDisposable
{
    /// <summary>Most floats that all layers together may need for one example, padding included, unless the reader says otherwise: a small file must not ask for unlimited memory.</summary>
    public const long DefaultMaxActivations = 1 << 24;

    private readonly MappedBytes _bytes;

    private FedTinyFile(MappedBytes bytes, SparseNetwork network)
    {
        _bytes = bytes;
        Network = network;
        SchemaHashText = Convert.ToHexStringLower(bytes.Span.Slice(48, 32));
        MaskEpoch = BinaryPrimitives.ReadInt64LittleEndian(bytes.Span[40..]);
    }

    /// <summary>The network; its weights lie in the file.</summary>
    public SparseNetwork Network { get; }

    /// <summary>SHA-256 of the schema of the model version that the network was made from, lower-case hexadecimal.</summary>
    public string SchemaHashText { get; }

    /// <summary>Version of the mask of that model.</summary>
    public long MaskEpoch { get; }

    /// <summary>Bytes of the file.</summary>
    public int Length => _bytes.Length;

    /// <summary>Maps a file, checks all of it, and makes a network over it.</summary>
    /// <param name="path">The file; it may come from anybody.</param>
    /// <param name="maxActivations">Most floats that all layers together may need for one example, padding included.</param>
    /// <exception cref="InvalidDataException">The file is damaged or no network; the message names the layer and the field.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static FedTinyFile Open(string path, long maxActivations = DefaultMaxActivations)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Over(MappedBytes.Map(path), maxActivations);
    }

    /// <summary>Makes a network over a file in memory.</summary>
    /// <param name="file">The whole file; pinned and used until this is disposed of.</param>
    /// <param name="maxActivations">Most floats that all layers together may need for one example, padding included.</param>
    /// <exception cref="InvalidDataException">The file is damaged or no network; the message names the layer and the field.</exception>
    public static FedTinyFile Parse(byte[] file, long maxActivations = DefaultMaxActivations)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Over(MappedBytes.Pin(file), maxActivations);
    }

    /// <summary>Writes a network.</summary>
    /// <param name="stream">Receives the file.</param>
    /// <param name="network">The network, its batch norms folded as far as they can be.</param>
    /// <param name="schema">The schema of the model version that it was made from.</param>
    /// <exception cref="ArgumentException">The file would have 2 GiB or more.</exception>
    public static void Write(Stream stream, SparseNetwork network, ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(schema);
        CheckPlatform();
        FedTinyWriter.Write(stream, network, schema.Hash, schema.MaskEpoch);
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private static FedTinyFile Over(MappedBytes bytes, long maxActivations)
    {
        try
        {
            CheckPlatform();
            ArgumentOutOfRangeException.ThrowIfLessThan(maxActivations, 1);
            FedTinyTable table = FedTinyTable.Parse(bytes.Span, maxActivations);
            return new FedTinyFile(bytes, Assemble(table, bytes));
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private static SparseNetwork Assemble(FedTinyTable table, MappedBytes bytes)
    {
        var weights = new SparseLayerWeights[table.Records.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            FedTinyRecord record = table.Records[i];
            FedTinySections sections = table.Sections[i];
            try
            {
                CsrMatrix? matrix = record.Columns == 0
                    ? null
                    : new CsrMatrix(
                        record.Layer.Outputs,
                        record.Columns,
                        Section<int>(bytes, sections.Pointers, record.Pointers),
                        Section<int>(bytes, sections.Columns, record.Entries),
                        Section<float>(bytes, sections.Values, record.Entries));
                weights[i] = new SparseLayerWeights(matrix, Section<float>(bytes, sections.Scales, record.Scales), Section<float>(bytes, sections.Shifts, record.Shifts));
            }
            catch (ArgumentException exception)
            {
                throw new InvalidDataException($"Layer {i}: {exception.Message}", exception);
            }
        }

        try
        {
            return new SparseNetwork(table.Architecture, weights);
        }
        catch (ArgumentException exception)
        {
            throw new InvalidDataException(exception.Message, exception);
        }
    }

    private static ReadOnlyMemory<T> Section<T>(MappedBytes bytes, long offset, int length)
        where T : unmanaged =>
        length == 0 ? default : new MappedMemory<T>(bytes, offset, length).Memory;

    private static void CheckPlatform()
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Files of this format are little-endian, and used as they are.");
        }
    }
}
