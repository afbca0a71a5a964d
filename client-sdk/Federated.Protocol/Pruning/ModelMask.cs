using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Federated.Numerics.Compression;
using Federated.Protocol.Models;

namespace Federated.Protocol.Pruning;

/// <summary>
/// Which coordinates of a model's prunable layers are active; the others are zero and stay so. Everything else of the model (biases, normalisation) is always there.
/// Immutable; safe for several threads.
/// </summary>
/// <remarks>
/// The packed vector of a mask holds, tensor by tensor in schema order, the active coordinates of a prunable layer in ascending order, and every other parameter as it is.
/// Both ends of the wire make it from the same mask, so it needs no indices.
/// </remarks>
public sealed class ModelMask
{
    private const uint Magic = 0x4B53_4D46; // "FMSK"
    private const byte Version = 1;
    private const int HeaderBytes = 20;

    private readonly int[][] _active;
    private byte[]? _hash;

    private ModelMask(ImmutableArray<PrunableLayer> layers, int parameterCount, long epoch, int[][] active)
    {
        Layers = layers;
        ParameterCount = parameterCount;
        Epoch = epoch;
        _active = active;
        PrunableCount = layers.Sum(layer => layer.Count);
        ActiveCount = active.Sum(indices => indices.Length);
    }

    /// <summary>The prunable layers, in schema order.</summary>
    public ImmutableArray<PrunableLayer> Layers { get; }

    /// <summary>Elements of the model's flat parameter vector.</summary>
    public int ParameterCount { get; }

    /// <summary>Version of the mask; that of the schema of every model under it.</summary>
    public long Epoch { get; }

    /// <summary>Coordinates of all prunable layers.</summary>
    public int PrunableCount { get; }

    /// <summary>Active ones among them.</summary>
    public int ActiveCount { get; }

    /// <summary>Elements of the packed vector: the active coordinates and every parameter that is not prunable.</summary>
    public int PackedCount => ParameterCount - PrunableCount + ActiveCount;

    /// <summary>Active coordinates as a share of the prunable ones; 1 for a model without prunable layers.</summary>
    public double Density => PrunableCount == 0 ? 1 : (double)ActiveCount / PrunableCount;

    /// <summary>SHA-256 of <see cref="ToBytes"/>, 32 bytes.</summary>
    public ReadOnlySpan<byte> Hash => _hash ??= SHA256.HashData(ToBytes());

    /// <summary>The hash in lower-case hexadecimal.</summary>
    public string HashText => Convert.ToHexStringLower(Hash);

    /// <summary>A mask from the active coordinates of every layer.</summary>
    /// <param name="schema">The model.</param>
    /// <param name="epoch">Version of the mask, from 0.</param>
    /// <param name="active">For each prunable layer its active coordinates within the layer, ascending; copied.</param>
    /// <exception cref="ArgumentException">There are lists for another number of layers, or indices are not ascending or beyond their layer.</exception>
    public static ModelMask Create(ModelSchema schema, long epoch, IReadOnlyList<int[]> active)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(active);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        return Checked(PrunableLayer.Of(schema), schema.ParameterCount, epoch, active);
    }

    /// <summary>A mask that leaves every coordinate active.</summary>
    /// <param name="schema">The model.</param>
    /// <param name="epoch">Version of the mask, from 0.</param>
    public static ModelMask Full(ModelSchema schema, long epoch)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ImmutableArray<PrunableLayer> layers = PrunableLayer.Of(schema);
        return new ModelMask(layers, schema.ParameterCount, epoch, [.. layers.Select(layer => Enumerable.Range(0, layer.Count).ToArray())]);
    }

    /// <summary>The mask of the coordinates of largest magnitude, layer by layer; of equals the lower index. Both ends make the same one from the same parameters.</summary>
    /// <param name="schema">The model.</param>
    /// <param name="epoch">Version of the mask, from 0.</param>
    /// <param name="parameters">The flat parameters, finite.</param>
    /// <param name="counts">Active coordinates of every layer.</param>
    /// <exception cref="ArgumentException">The counts or the parameters do not fit the model.</exception>
    public static ModelMask OfLargest(ModelSchema schema, long epoch, ReadOnlySpan<float> parameters, IReadOnlyList<int> counts)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ImmutableArray<PrunableLayer> layers = PrunableLayer.Of(schema);
        if (counts.Count != layers.Length || parameters.Length != schema.ParameterCount)
        {
            throw new ArgumentException($"{counts.Count} counts and {parameters.Length} parameters do not fit {layers.Length} layers and {schema.ParameterCount} parameters.", nameof(counts));
        }

        int[][] active = new int[layers.Length][];
        for (int l = 0; l < active.Length; l++)
        {
            if (counts[l] < 0 || counts[l] > layers[l].Count)
            {
                throw new ArgumentException($"Layer '{layers[l].Name}' cannot have {counts[l]} of {layers[l].Count} coordinates active.", nameof(counts));
            }

            active[l] = new int[counts[l]];
            TopKSelection.Select(parameters.Slice(layers[l].Start, layers[l].Count), active[l]);
        }

        return new ModelMask(layers, schema.ParameterCount, epoch, active);
    }

    /// <summary>Reads a mask that may come from anybody.</summary>
    /// <param name="schema">The model that it must fit.</param>
    /// <param name="bytes">What <see cref="ToBytes"/> wrote, exactly.</param>
    /// <exception cref="InvalidDataException">The bytes are no mask of this model; the message says what is wrong.</exception>
    public static ModelMask Parse(ModelSchema schema, ReadOnlySpan<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(schema);
        ModelMask mask = Read(schema, ref bytes);
        return bytes.IsEmpty ? mask : throw new InvalidDataException($"{bytes.Length} bytes follow the mask.");
    }

    /// <summary>Active coordinates of a layer, ascending, within the layer.</summary>
    /// <param name="layer">Its position in <see cref="Layers"/>.</param>
    public ReadOnlySpan<int> Active(int layer) => _active[layer];

    /// <summary>Number of active coordinates of a layer.</summary>
    /// <param name="layer">Its position in <see cref="Layers"/>.</param>
    public int CountOf(int layer) => _active[layer].Length;

    /// <summary>Where the active coordinates of a layer begin in the packed vector.</summary>
    /// <param name="layer">Its position in <see cref="Layers"/>.</param>
    public int PackedStart(int layer)
    {
        int start = Layers[layer].Start;
        for (int l = 0; l < layer; l++)
        {
            start -= Layers[l].Count - _active[l].Length;
        }

        return start;
    }

    /// <summary>Active coordinates of every layer, in the order of <see cref="Layers"/>.</summary>
    public IEnumerable<int> Counts => _active.Select(static layer => layer.Length);

    /// <summary>Whether a coordinate is active.</summary>
    /// <param name="layer">The layer's position in <see cref="Layers"/>.</param>
    /// <param name="index">The coordinate within the layer.</param>
    public bool IsActive(int layer, int index) => Array.BinarySearch(_active[layer], index) >= 0;

    /// <summary>The same layers with other coordinates.</summary>
    /// <param name="epoch">Version of the other mask.</param>
    /// <param name="active">As for <see cref="Create"/>.</param>
    /// <exception cref="ArgumentException">As for <see cref="Create"/>.</exception>
    public ModelMask With(long epoch, IReadOnlyList<int[]> active)
    {
        ArgumentNullException.ThrowIfNull(active);
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        return Checked(Layers, ParameterCount, epoch, active);
    }

    /// <summary>Sets the inactive coordinates to zero.</summary>
    /// <param name="parameters">A flat vector of the model's length.</param>
    /// <exception cref="ArgumentException">The vector has another length.</exception>
    public void Apply(Span<float> parameters)
    {
        CheckLength(parameters.Length, ParameterCount, nameof(parameters));
        for (int l = 0; l < _active.Length; l++)
        {
            Span<float> layer = parameters.Slice(Layers[l].Start, Layers[l].Count);
            int from = 0;
            foreach (int index in _active[l])
            {
                layer[from..index].Clear();
                from = index + 1;
            }

            layer[from..].Clear();
        }
    }

    /// <summary>Writes the packed vector.</summary>
    /// <param name="parameters">A flat vector of the model's length.</param>
    /// <param name="packed">Receives <see cref="PackedCount"/> elements.</param>
    /// <exception cref="ArgumentException">A vector has another length.</exception>
    public void Pack(ReadOnlySpan<float> parameters, Span<float> packed)
    {
        CheckLength(parameters.Length, ParameterCount, nameof(parameters));
        CheckLength(packed.Length, PackedCount, nameof(packed));
        int from = 0, at = 0;
        for (int l = 0; l < _active.Length; l++)
        {
            PrunableLayer layer = Layers[l];
            parameters[from..layer.Start].CopyTo(packed[at..]);
            at += layer.Start - from;
            ReadOnlySpan<float> values = parameters.Slice(layer.Start, layer.Count);
            foreach (int index in _active[l])
            {
                packed[at++] = values[index];
            }

            from = layer.Start + layer.Count;
        }

        parameters[from..].CopyTo(packed[at..]);
    }

    /// <summary>Writes the flat vector of a packed one; inactive coordinates are zero.</summary>
    /// <param name="packed"><see cref="PackedCount"/> elements.</param>
    /// <param name="parameters">Overwritten; a flat vector of the model's length.</param>
    /// <exception cref="ArgumentException">A vector has another length.</exception>
    public void Unpack(ReadOnlySpan<float> packed, Span<float> parameters)
    {
        CheckLength(parameters.Length, ParameterCount, nameof(parameters));
        CheckLength(packed.Length, PackedCount, nameof(packed));
        int from = 0, at = 0;
        for (int l = 0; l < _active.Length; l++)
        {
            PrunableLayer layer = Layers[l];
            packed.Slice(at, layer.Start - from).CopyTo(parameters[from..]);
            at += layer.Start - from;
            Span<float> values = parameters.Slice(layer.Start, layer.Count);
            values.Clear();
            foreach (int index in _active[l])
            {
                values[index] = packed[at++];
            }

            from = layer.Start + layer.Count;
        }

        packed[at..].CopyTo(parameters[from..]);
    }

    /// <summary>Bytes of the written mask.</summary>
    public int ByteLength
    {
        get
        {
            int length = HeaderBytes;
            for (int l = 0; l < _active.Length; l++)
            {
                length = checked(length + IndexSet.BytesFor(_active[l], Layers[l].Count));
            }

            return length;
        }
    }

    /// <summary>The mask as bytes (docs/wire-protocol.md): for every layer its ascending indices or a bitmap, whichever is shorter.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[ByteLength];
        Write(bytes);
        return bytes;
    }

    /// <summary>Writes the mask and returns its bytes.</summary>
    internal int Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], Epoch);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[16..], _active.Length);
        int at = HeaderBytes;
        for (int l = 0; l < _active.Length; l++)
        {
            at += IndexSet.Write(_active[l], Layers[l].Count, bytes[at..]);
        }

        return at;
    }

    /// <summary>Reads the mask at the start of bytes that may come from anybody.</summary>
    internal static ModelMask Read(ModelSchema schema, ref ReadOnlySpan<byte> bytes)
    {
        ImmutableArray<PrunableLayer> layers = PrunableLayer.Of(schema);
        if (bytes.Length < HeaderBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Version)
        {
            throw new InvalidDataException($"The bytes do not begin with a mask of layout version {Version}.");
        }

        long epoch = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]);
        int count = BinaryPrimitives.ReadInt32LittleEndian(bytes[16..]);
        if (epoch < 0 || count != layers.Length)
        {
            throw new InvalidDataException($"The mask has {count} layers and epoch {epoch}; the model has {layers.Length} prunable layers.");
        }

        bytes = bytes[HeaderBytes..];
        int[][] active = new int[layers.Length][];
        for (int l = 0; l < active.Length; l++)
        {
            active[l] = IndexSet.Read(ref bytes, layers[l].Count, $"layer '{layers[l].Name}'");
        }

        return new ModelMask(layers, schema.ParameterCount, epoch, active);
    }

    private static ModelMask Checked(ImmutableArray<PrunableLayer> layers, int parameterCount, long epoch, IReadOnlyList<int[]> active)
    {
        if (active.Count != layers.Length)
        {
            throw new ArgumentException($"There are indices for {active.Count} layers; the model has {layers.Length} prunable ones.", nameof(active));
        }

        for (int l = 0; l < layers.Length; l++)
        {
            int last = -1;
            foreach (int index in active[l])
            {
                if (index <= last || index >= layers[l].Count)
                {
                    throw new ArgumentException($"Index {index} of layer '{layers[l].Name}' is not ascending or not below {layers[l].Count}.", nameof(active));
                }

                last = index;
            }
        }

        return new ModelMask(layers, parameterCount, epoch, [.. active.Select(indices => indices.ToArray())]);
    }

    private static void CheckLength(int actual, int expected, string name)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"The mask asks for {expected} elements, the vector has {actual}.", name);
        }
    }
}
