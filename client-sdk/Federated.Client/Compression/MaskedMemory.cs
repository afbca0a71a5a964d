using System.Runtime.InteropServices;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Client.Compression;

/// <summary>
/// The memory of a feedback on a sparse model: vectors that are packed under a mask, with that mask before them, so that they can be carried to a later one. As floats, whose bits are kept:
/// <code>
/// 0  1    bytes of the mask, an int32
/// 1  ...  the mask's bytes (docs/wire-protocol.md), filled up with zeros to a multiple of 4
///    ...  the vectors, one after another
/// </code>
/// </summary>
internal sealed class MaskedMemory(ModelSchema schema, ModelMask mask, int vectors)
{
    private readonly byte[] _mask = mask.ToBytes();

    /// <summary>Floats before the vectors.</summary>
    public int HeaderLength => 1 + FloatsOf(_mask.Length);

    /// <summary>Writes what stands before the vectors.</summary>
    /// <param name="memory">At least <see cref="HeaderLength"/> floats.</param>
    public void WriteHeader(Span<float> memory)
    {
        memory[0] = BitConverter.Int32BitsToSingle(_mask.Length);
        Span<byte> bytes = MemoryMarshal.AsBytes(memory[1..HeaderLength]);
        _mask.CopyTo(bytes);
        bytes[_mask.Length..].Clear();
    }

    /// <summary>The vectors under the present mask: those of an earlier one are carried by index, and what was dropped in between begins at zero.</summary>
    /// <param name="memory">What was remembered, from anywhere.</param>
    /// <param name="regrown">Coordinates of the present mask that were dropped since, ascending.</param>
    /// <param name="carried">The vectors; of the memory itself where they are under the present mask.</param>
    /// <returns>False when the memory is none of this model and feedback.</returns>
    public bool TryRead(ReadOnlySpan<float> memory, ReadOnlySpan<int> regrown, out ReadOnlySpan<float> carried)
    {
        carried = default;
        int length = memory.IsEmpty ? -1 : BitConverter.SingleToInt32Bits(memory[0]);
        if (length < 0 || length > sizeof(float) * (long)(memory.Length - 1))
        {
            return false;
        }

        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(memory[1..])[..length];
        ReadOnlySpan<float> values = memory[(1 + FloatsOf(length))..];
        if (bytes.SequenceEqual(_mask))
        {
            carried = values;
            return values.Length == vectors * mask.PackedCount;
        }

        if (Earlier(bytes) is not { } from || values.Length != vectors * from.PackedCount)
        {
            return false;
        }

        var remap = MaskRemap.Between(from, mask);
        float[] next = new float[vectors * mask.PackedCount];
        for (int v = 0; v < vectors; v++)
        {
            Span<float> vector = next.AsSpan(v * remap.ToCount, remap.ToCount);
            remap.Apply(values.Slice(v * remap.FromCount, remap.FromCount), vector);
            foreach (int index in regrown)
            {
                vector[index] = 0;
            }
        }

        carried = next;
        return true;
    }

    private static int FloatsOf(int bytes) => (bytes + sizeof(float) - 1) / sizeof(float);

    private ModelMask? Earlier(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return ModelMask.Parse(schema, bytes);
        }
        catch (InvalidDataException)
        {
            // The memory is another model's, or damaged: it counts as none.
            return null;
        }
    }
}
