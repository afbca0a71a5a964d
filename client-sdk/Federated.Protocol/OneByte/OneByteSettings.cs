using System.Buffers.Binary;
using Federated.Numerics.SharedRandomness;

namespace Federated.Protocol.OneByte;

/// <summary>
/// What all machines of a one-byte exchange agree on. Its bytes, which start the chain of the log's hashes, little-endian:
/// <code>
///  0  4  magic "OB1\0"                      56  1  q
///  4  1  layout version, 1                  57  1  normalisation
///  5 16  run id                             58  2  samples, S
/// 21 32  SHA-256 of the manifest            60  2  directions, P
/// 53  1  noise                              62  8  learning rate, Λ
/// 54  1  levels an octave                   70  1  exponent of ε
/// 55  1  bias                               71 32  SHA-256 of the first state
/// </code>
/// </summary>
/// <param name="RunId">Names the run; keys its directions. 16 bytes.</param>
/// <param name="ManifestHash">SHA-256 of the ordered list of tensors, 32 bytes.</param>
/// <param name="StateHash">SHA-256 of the first integer state, 32 bytes.</param>
/// <param name="LearningRate">Λ = round(η · 2^q), greater than 0.</param>
public sealed record OneByteSettings(ReadOnlyMemory<byte> RunId, ReadOnlyMemory<byte> ManifestHash, ReadOnlyMemory<byte> StateHash, long LearningRate)
{
    /// <summary>Bytes of the layout.</summary>
    public const int Bytes = 103;

    /// <summary>Distribution of the directions.</summary>
    public NoiseKind Noise { get; init; } = NoiseKind.Rademacher;

    /// <summary>Levels an octave of the code: 4, 8 or 16.</summary>
    public byte LevelsPerOctave { get; init; } = 8;

    /// <summary>The code that stands for 1, 0 to 127.</summary>
    public byte Bias { get; init; } = 64;

    /// <summary>q: binary places of the integer weights.</summary>
    public byte FractionBits { get; init; } = 40;

    /// <summary>By what the sum of a round is divided.</summary>
    public OneByteNormalisation Normalisation { get; init; }

    /// <summary>S: batches of a machine in a round.</summary>
    public ushort Samples { get; init; } = 1;

    /// <summary>P: directions of a batch.</summary>
    public ushort Directions { get; init; } = 1;

    /// <summary>ε = 2^this.</summary>
    public sbyte EpsilonExponent { get; init; } = -10;

    /// <summary>Bytes that a machine sends in a round.</summary>
    public int BytesPerMachine => Samples * Directions;

    /// <summary>The layout above.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[Bytes];
        "OB1\0"u8.CopyTo(bytes);
        bytes[4] = 1;
        RunId.Span.CopyTo(bytes.AsSpan(5, 16));
        ManifestHash.Span.CopyTo(bytes.AsSpan(21, 32));
        bytes[53] = (byte)Noise;
        bytes[54] = LevelsPerOctave;
        bytes[55] = Bias;
        bytes[56] = FractionBits;
        bytes[57] = (byte)Normalisation;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(58), Samples);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(60), Directions);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(62), LearningRate);
        bytes[70] = (byte)EpsilonExponent;
        StateHash.Span.CopyTo(bytes.AsSpan(71, 32));
        return bytes;
    }
}
