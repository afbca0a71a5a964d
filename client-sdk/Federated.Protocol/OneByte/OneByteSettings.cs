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
/// A run with float weights, momentum or a pool of directions has layout version 2, which adds: arithmetic (1), momentum (2), pool (4).
/// </summary>
/// <param name="RunId">Names the run; keys its directions. 16 bytes.</param>
/// <param name="ManifestHash">SHA-256 of the ordered list of tensors, 32 bytes.</param>
/// <param name="StateHash">SHA-256 of the first integer state, 32 bytes.</param>
/// <param name="LearningRate">Λ = round(η · 2^q), greater than 0.</param>
public sealed record OneByteSettings(ReadOnlyMemory<byte> RunId, ReadOnlyMemory<byte> ManifestHash, ReadOnlyMemory<byte> StateHash, long LearningRate)
{
    /// <summary>Bytes of layout version 1.</summary>
    public const int Bytes = 103;

    /// <summary>Bytes of layout version 2.</summary>
    public const int LongBytes = Bytes + 7;

    private const byte Plain = 1, Long = 2;

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

    /// <summary>What the weights are.</summary>
    public OneByteArithmetic Arithmetic { get; init; }

    /// <summary>Momentum as a multiple of 2^-16; 0 for none. With momentum the order of rounds matters, that within a round does not.</summary>
    public ushort Momentum { get; init; }

    /// <summary>K: the run's directions come from a pool of this size, so that K sums of coefficients replace the log; 0 for a fresh direction each time.</summary>
    public uint Pool { get; init; }

    /// <summary>Bytes that a machine sends in a round.</summary>
    public int BytesPerMachine => Samples * Directions;

    /// <summary>Whether layout version 1 can say it.</summary>
    private bool IsPlain => Arithmetic == OneByteArithmetic.FixedPoint && Momentum == 0 && Pool == 0;

    /// <summary>What no machine can work with, in one sentence; null when the settings are good.</summary>
    public string? Fault() => this switch
    {
        { RunId.Length: not 16 } => "The run id has 16 bytes.",
        { ManifestHash.Length: not 32 } or { StateHash.Length: not 32 } => "The hashes of manifest and first state have 32 bytes.",
        { Noise: NoiseKind.NormalTable, Arithmetic: OneByteArithmetic.FixedPoint } => "Noise 3, normals from a table, has no integers; use float weights, or noise 0, 1 or 2.",
        { Noise: < NoiseKind.Rademacher or > NoiseKind.NormalTable } => $"Noise {(int)Noise} is unknown; there are 0 to 3.",
        { LevelsPerOctave: not (4 or 8 or 16) } => $"The code has 4, 8 or 16 levels an octave, not {LevelsPerOctave}.",
        { Bias: > 127 } => $"The bias is at most 127, not {Bias}.",
        { FractionBits: < 8 or > 48 } => $"The weights have 8 to 48 binary places, not {FractionBits}.",
        { Normalisation: > OneByteNormalisation.SquareRoot } => $"Normalisation {(int)Normalisation} is unknown; there are 0 and 1.",
        { Arithmetic: > OneByteArithmetic.CanonicalFloat } => $"Arithmetic {(int)Arithmetic} is unknown; there are 0 and 1.",
        { Samples: 0 or >= 4096 } or { Directions: 0 or >= 4096 } => $"There are 1 to 4095 samples and directions, not {Samples} and {Directions}.",
        { BytesPerMachine: > ushort.MaxValue } => $"A machine sends at most 65535 bytes a round, not {BytesPerMachine}.",
        { LearningRate: <= 0 or > 1L << 46 } => $"The learning rate is 1 to 2^46 units of 2^-{FractionBits}, not {LearningRate}.",
        { EpsilonExponent: < -30 or > 0 } => $"The exponent of epsilon is -30 to 0, not {EpsilonExponent}.",
        { Pool: > 0, Momentum: > 0 } => "A pool sums coefficients, whatever their round; momentum does not allow that.",
        { Pool: > 0, Arithmetic: OneByteArithmetic.CanonicalFloat } => "A pool sums integer coefficients; it needs fixed-point weights.",
        _ => null,
    };

    /// <summary>The layout above.</summary>
    public byte[] ToBytes()
    {
        byte[] bytes = new byte[IsPlain ? Bytes : LongBytes];
        "OB1\0"u8.CopyTo(bytes);
        bytes[4] = IsPlain ? Plain : Long;
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
        if (!IsPlain)
        {
            bytes[Bytes] = (byte)Arithmetic;
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(Bytes + 1), Momentum);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(Bytes + 3), Pool);
        }

        return bytes;
    }

    /// <summary>Reads the layout.</summary>
    /// <param name="bytes">What <see cref="ToBytes"/> wrote.</param>
    /// <exception cref="InvalidDataException">The bytes are another layout, or no machine can work with the settings; the message says why.</exception>
    public static OneByteSettings Read(ReadOnlySpan<byte> bytes)
    {
        bool isLong = bytes.Length == LongBytes;
        if ((bytes.Length != Bytes && !isLong) || !bytes.StartsWith("OB1\0"u8) || bytes[4] != (isLong ? Long : Plain))
        {
            throw new InvalidDataException($"{bytes.Length} bytes are not the settings of a one-byte exchange of layout version 1 or 2.");
        }

        var settings = new OneByteSettings(
            bytes.Slice(5, 16).ToArray(), bytes.Slice(21, 32).ToArray(), bytes.Slice(71, 32).ToArray(), BinaryPrimitives.ReadInt64LittleEndian(bytes[62..]))
        {
            Noise = (NoiseKind)bytes[53],
            LevelsPerOctave = bytes[54],
            Bias = bytes[55],
            FractionBits = bytes[56],
            Normalisation = (OneByteNormalisation)bytes[57],
            Samples = BinaryPrimitives.ReadUInt16LittleEndian(bytes[58..]),
            Directions = BinaryPrimitives.ReadUInt16LittleEndian(bytes[60..]),
            EpsilonExponent = (sbyte)bytes[70],
            Arithmetic = isLong ? (OneByteArithmetic)bytes[Bytes] : OneByteArithmetic.FixedPoint,
            Momentum = isLong ? BinaryPrimitives.ReadUInt16LittleEndian(bytes[(Bytes + 1)..]) : (ushort)0,
            Pool = isLong ? BinaryPrimitives.ReadUInt32LittleEndian(bytes[(Bytes + 3)..]) : 0,
        };
        return settings.Fault() is { } fault ? throw new InvalidDataException(fault) : settings;
    }
}
