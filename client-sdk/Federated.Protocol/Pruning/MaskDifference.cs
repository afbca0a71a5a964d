using System.Buffers.Binary;
using System.Collections.Immutable;

namespace Federated.Protocol.Pruning;

/// <summary>
/// The step from one mask to the next, little-endian:
/// <code>
///  0  4    magic "FMDF"
///  4  4    layout version, 1
///  8  8    epoch of the mask that it starts from
/// 16  8    epoch of the mask that it makes
/// 24  8    the first 8 bytes of the SHA-256 of the mask that it starts from
/// 32  4    changed layers
///     for each, ascending: 4 bytes its position among the prunable layers, then the coordinates whose state changes (indices or bitmap)
/// </code>
/// A coordinate whose state changes is dropped if it was active, else grown: the mask at the start says which, so one set for both is enough.
/// </summary>
public sealed class MaskDifference
{
    private const uint Magic = 0x4644_4D46; // "FMDF"
    private const uint Version = 1;
    private const int HeaderBytes = 36;

    private readonly ModelMask _from;

    private MaskDifference(ModelMask from, long epoch, ImmutableArray<LayerChange> layers)
    {
        _from = from;
        Epoch = epoch;
        Layers = layers;
    }

    /// <summary>Epoch of the mask that the step starts from.</summary>
    public long FromEpoch => _from.Epoch;

    /// <summary>Epoch of the mask that it makes.</summary>
    public long Epoch { get; }

    /// <summary>The layers that change, ascending.</summary>
    public ImmutableArray<LayerChange> Layers { get; }

    /// <summary>Finds the step between two masks of one model.</summary>
    /// <param name="from">The mask to start from.</param>
    /// <param name="to">The mask to make.</param>
    /// <exception cref="ArgumentException">The masks are of different models.</exception>
    public static MaskDifference Between(ModelMask from, ModelMask to)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        if (!from.Layers.AsSpan().SequenceEqual(to.Layers.AsSpan()))
        {
            throw new ArgumentException("The masks are of different models.", nameof(to));
        }

        var changes = ImmutableArray.CreateBuilder<LayerChange>();
        for (int l = 0; l < from.Layers.Length; l++)
        {
            ImmutableArray<int> dropped = Without(from.Active(l), to.Active(l)), grown = Without(to.Active(l), from.Active(l));
            if (dropped.Length + grown.Length > 0)
            {
                changes.Add(new LayerChange(l, dropped, grown));
            }
        }

        return new MaskDifference(from, to.Epoch, changes.ToImmutable());
    }

    /// <summary>Reads a step that may come from anybody.</summary>
    /// <param name="from">The mask that the reader holds.</param>
    /// <param name="bytes">What <see cref="ToBytes"/> wrote, exactly.</param>
    /// <exception cref="InvalidDataException">The bytes are no step from this mask; the message says what is wrong.</exception>
    public static MaskDifference Parse(ModelMask from, ReadOnlySpan<byte> bytes)
    {
        ArgumentNullException.ThrowIfNull(from);
        MaskDifference difference = Read(from, ref bytes);
        return bytes.IsEmpty ? difference : throw new InvalidDataException($"{bytes.Length} bytes follow the mask's difference.");
    }

    /// <summary>The mask that the step makes.</summary>
    public ModelMask ToMask()
    {
        int[][] active = [.. Enumerable.Range(0, _from.Layers.Length).Select(l => _from.Active(l).ToArray())];
        foreach (LayerChange change in Layers)
        {
            int[] merged = [.. Without(active[change.Layer], change.Dropped.AsSpan()), .. change.Grown];
            Array.Sort(merged);
            active[change.Layer] = merged;
        }

        return _from.With(Epoch, active);
    }

    /// <summary>The step as bytes.</summary>
    public byte[] ToBytes()
    {
        int[][] toggled = [.. Layers.Select(Toggled)];
        int length = HeaderBytes;
        for (int i = 0; i < toggled.Length; i++)
        {
            length = checked(length + 4 + IndexSet.BytesFor(toggled[i], _from.Layers[Layers[i].Layer].Count));
        }

        byte[] bytes = new byte[length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), Version);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(8), FromEpoch);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(16), Epoch);
        _from.Hash[..8].CopyTo(bytes.AsSpan(24));
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(32), toggled.Length);
        int at = HeaderBytes;
        for (int i = 0; i < toggled.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at), Layers[i].Layer);
            at += 4 + IndexSet.Write(toggled[i], _from.Layers[Layers[i].Layer].Count, bytes.AsSpan(at + 4));
        }

        return bytes;
    }

    /// <summary>Reads the step at the start of bytes that may come from anybody.</summary>
    internal static MaskDifference Read(ModelMask from, ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]) != Version)
        {
            throw new InvalidDataException($"The bytes do not begin with a mask's difference of layout version {Version}.");
        }

        long start = BinaryPrimitives.ReadInt64LittleEndian(bytes[8..]), epoch = BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]);
        if (start != from.Epoch || !bytes.Slice(24, 8).SequenceEqual(from.Hash[..8]))
        {
            throw new InvalidDataException($"The mask's difference starts from another mask of epoch {start}; the one that is held has epoch {from.Epoch}.");
        }

        int count = BinaryPrimitives.ReadInt32LittleEndian(bytes[32..]);
        if (epoch < start || count < 0 || count > from.Layers.Length)
        {
            throw new InvalidDataException($"The mask's difference changes {count} of {from.Layers.Length} layers and leads from epoch {start} to {epoch}.");
        }

        bytes = bytes[HeaderBytes..];
        var changes = ImmutableArray.CreateBuilder<LayerChange>();
        int last = -1;
        for (int i = 0; i < count; i++)
        {
            int layer = bytes.Length < 4 ? -1 : BinaryPrimitives.ReadInt32LittleEndian(bytes);
            if (layer <= last || layer >= from.Layers.Length)
            {
                throw new InvalidDataException($"Layer {layer} of the mask's difference is cut short, not ascending or not below {from.Layers.Length}.");
            }

            bytes = bytes[4..];
            int[] toggled = IndexSet.Read(ref bytes, from.Layers[layer].Count, $"layer '{from.Layers[layer].Name}'");
            ImmutableArray<int> grown = Without(toggled, from.Active(layer));
            changes.Add(new LayerChange(layer, Without(toggled, grown.AsSpan()), grown));
            last = layer;
        }

        return new MaskDifference(from, epoch, changes.ToImmutable());
    }

    private static int[] Toggled(LayerChange change)
    {
        int[] toggled = [.. change.Dropped, .. change.Grown];
        Array.Sort(toggled);
        return toggled;
    }

    /// <summary>The elements of one ascending list that another one lacks.</summary>
    private static ImmutableArray<int> Without(ReadOnlySpan<int> all, ReadOnlySpan<int> others)
    {
        var rest = ImmutableArray.CreateBuilder<int>();
        int at = 0;
        foreach (int index in all)
        {
            while (at < others.Length && others[at] < index)
            {
                at++;
            }

            if (at == others.Length || others[at] != index)
            {
                rest.Add(index);
            }
        }

        return rest.ToImmutable();
    }
}
