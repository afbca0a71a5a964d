using System.Buffers;
using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Federated.Protocol.Models;

namespace Federated.Protocol.Codecs;

/// <summary>
/// What turns one model that devices hold into the next: a frame (docs/codecs.md) that is added to the parameters, and the statistics and counts as they are then.
/// Server and device apply the same bytes with the same code, so that both hold the same model bit for bit.
/// </summary>
/// <remarks>
/// Little-endian: u32 magic "FDIF", u8 layout version 1, three zero bytes, u64 bytes of the frame, the frame, float32 statistics, int64 counts.
/// </remarks>
public static class ModelDifference
{
    private const uint Magic = 0x46494446;
    private const int HeaderBytes = 16;
    private const byte Version = 1;

    /// <summary>Writes a difference.</summary>
    /// <param name="frame">The frame of the parameters' difference.</param>
    /// <param name="next">The model that it leads to: its statistics and counts are sent as they are.</param>
    public static byte[] Write(ReadOnlySpan<byte> frame, ModelContent next)
    {
        ArgumentNullException.ThrowIfNull(next);
        byte[] difference = new byte[HeaderBytes + frame.Length + TailBytes(next.Schema)];
        BinaryPrimitives.WriteUInt32LittleEndian(difference, Magic);
        difference[4] = Version;
        BinaryPrimitives.WriteInt64LittleEndian(difference.AsSpan(8), frame.Length);
        frame.CopyTo(difference.AsSpan(HeaderBytes));
        Span<byte> tail = difference.AsSpan(HeaderBytes + frame.Length);
        ReadOnlySpan<byte> statistics = MemoryMarshal.AsBytes(next.Statistics.AsSpan());
        statistics.CopyTo(tail);
        MemoryMarshal.AsBytes(next.Counts.AsSpan()).CopyTo(tail[statistics.Length..]);
        return difference;
    }

    /// <summary>Turns a model into the next one, in place.</summary>
    /// <param name="difference">What <see cref="Write"/> made; anything else leaves the model as it was.</param>
    /// <param name="model">The model that the difference starts from.</param>
    /// <exception cref="InvalidDataException">The bytes are no difference of a model with this schema; the message says where.</exception>
    public static void Apply(ReadOnlySpan<byte> difference, ModelContent model)
    {
        ArgumentNullException.ThrowIfNull(model);
        if (difference.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(difference) != Magic)
        {
            throw new InvalidDataException($"The {difference.Length} bytes are no difference of a model: they do not begin with FDIF.");
        }

        if (difference[4] != Version)
        {
            throw new InvalidDataException($"The difference has layout version {difference[4]}; this build reads {Version}.");
        }

        long frame = BinaryPrimitives.ReadInt64LittleEndian(difference[8..]);
        if (frame < 0 || frame != difference.Length - HeaderBytes - TailBytes(model.Schema))
        {
            throw new InvalidDataException(
                $"The difference says that its frame has {frame} bytes; with {difference.Length} bytes in all and {TailBytes(model.Schema)} of statistics and counts it cannot.");
        }

        AddTo(difference.Slice(HeaderBytes, (int)frame), model.Parameters);
        ReadOnlySpan<byte> tail = difference[(HeaderBytes + (int)frame)..];
        Span<byte> statistics = MemoryMarshal.AsBytes(model.Statistics.AsSpan());
        tail[..statistics.Length].CopyTo(statistics);
        tail[statistics.Length..].CopyTo(MemoryMarshal.AsBytes(model.Counts.AsSpan()));
    }

    private static void AddTo(ReadOnlySpan<byte> frame, Span<float> parameters)
    {
        if (Frames.Measure(frame, parameters.Length) is { Fault: not FrameFault.None and var fault })
        {
            throw new InvalidDataException($"The difference's bytes from {HeaderBytes} on are no frame of {parameters.Length} elements: {fault}.");
        }

        float[] rented = ArrayPool<float>.Shared.Rent(parameters.Length);
        Span<float> values = rented.AsSpan(0, parameters.Length);
        Frames.Decode(frame, values);
        TensorPrimitives.Add(parameters, values, parameters);
        ArrayPool<float>.Shared.Return(rented);
    }

    private static int TailBytes(ModelSchema schema) => checked((schema.StatisticCount * sizeof(float)) + (schema.CountCount * sizeof(long)));
}
