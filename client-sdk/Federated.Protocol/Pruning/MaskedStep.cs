using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Federated.Protocol.Models;

namespace Federated.Protocol.Pruning;

/// <summary>
/// What turns a masked model that a device holds into the next version, without the indices that it has already. Little-endian:
/// <code>
/// 0  4    magic "FMST"
/// 4  4    layout version, 1
/// 8  4    bytes of the mask's difference; 0 when the mask stays
///    ...  the mask's difference, the packed vector (float32), the statistics (float32), the counts (int64)
/// </code>
/// </summary>
public static class MaskedStep
{
    private const uint Magic = 0x5453_4D46; // "FMST"
    private const uint Version = 1;
    private const int HeaderBytes = 12;

    /// <summary>Whether bytes begin like a step.</summary>
    /// <param name="bytes">The bytes.</param>
    public static bool Begins(ReadOnlySpan<byte> bytes) => bytes.Length >= HeaderBytes && BinaryPrimitives.ReadUInt32LittleEndian(bytes) == Magic;

    /// <summary>Writes the step to a model.</summary>
    /// <param name="before">The mask of the version that the step starts from.</param>
    /// <param name="next">The model that it leads to, under a mask.</param>
    /// <exception cref="ArgumentException">The model has no mask, or one of another model.</exception>
    public static byte[] Write(ModelMask before, ModelContent next)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(next);
        ModelMask mask = next.Mask ?? throw new ArgumentException("The model has no mask.", nameof(next));
        byte[] difference = ReferenceEquals(mask, before) ? [] : MaskDifference.Between(before, mask).ToBytes();
        byte[] step = new byte[checked(HeaderBytes + difference.Length + TailBytes(next.Schema, mask))];
        BinaryPrimitives.WriteUInt32LittleEndian(step, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(step.AsSpan(4), Version);
        BinaryPrimitives.WriteInt32LittleEndian(step.AsSpan(8), difference.Length);
        difference.CopyTo(step, HeaderBytes);
        Span<byte> tail = step.AsSpan(HeaderBytes + difference.Length);
        mask.Pack(next.Parameters, MemoryMarshal.Cast<byte, float>(tail[..(4 * mask.PackedCount)]));
        tail = ModelFile.Append(tail[(4 * mask.PackedCount)..], MemoryMarshal.AsBytes(next.Statistics.AsSpan()));
        ModelFile.Append(tail, MemoryMarshal.AsBytes(next.Counts.AsSpan()));
        return step;
    }

    /// <summary>Turns a model into the next version, in place.</summary>
    /// <param name="step">What <see cref="Write"/> made; anything else leaves the model as it was.</param>
    /// <param name="model">The model that the step starts from.</param>
    /// <exception cref="InvalidDataException">The bytes are no step from this model; the message says what is wrong.</exception>
    public static void Apply(ReadOnlySpan<byte> step, ModelContent model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (model.Mask is not { } mask || !Begins(step) || BinaryPrimitives.ReadUInt32LittleEndian(step[4..]) != Version)
        {
            throw new InvalidDataException($"The {step.Length} bytes are no step of layout version {Version} between versions of a masked model.");
        }

        int difference = BinaryPrimitives.ReadInt32LittleEndian(step[8..]);
        if (difference < 0 || difference > step.Length - HeaderBytes)
        {
            throw new InvalidDataException($"The step has {step.Length} bytes, of which {difference} cannot be the mask's difference.");
        }

        ModelMask next = difference == 0 ? mask : MaskDifference.Parse(mask, step.Slice(HeaderBytes, difference)).ToMask();
        ReadOnlySpan<byte> tail = step[(HeaderBytes + difference)..];
        if (tail.Length != TailBytes(model.Schema, next))
        {
            throw new InvalidDataException($"The step has {tail.Length} bytes of values; its mask asks for {TailBytes(model.Schema, next)}.");
        }

        next.Unpack(MemoryMarshal.Cast<byte, float>(tail[..(4 * next.PackedCount)]), model.Parameters);
        tail = tail[(4 * next.PackedCount)..];
        Span<byte> statistics = MemoryMarshal.AsBytes(model.Statistics.AsSpan());
        tail[..statistics.Length].CopyTo(statistics);
        tail[statistics.Length..].CopyTo(MemoryMarshal.AsBytes(model.Counts.AsSpan()));
        model.Use(next);
    }

    private static int TailBytes(ModelSchema schema, ModelMask mask) =>
        checked((4 * mask.PackedCount) + (4 * schema.StatisticCount) + (8 * schema.CountCount));
}
