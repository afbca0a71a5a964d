using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Federated.Numerics.SharedRandomness;

namespace Federated.Protocol.OneByte;

/// <summary>
/// The state of one machine: integer weights θ · 2^q and the hash of the log that led to them. Every machine that applies the same records holds the same bits, whatever it computes
/// with; a latecomer needs the records, or a checkpoint and the records after it.
/// </summary>
public sealed class OneByteMachine
{
    private readonly OneByteSettings _settings;
    private readonly OneByteCode _code;
    private readonly (uint Key0, uint Key1) _key;
    private readonly ImmutableArray<int> _tensors;
    private readonly long[] _master;
    private byte[] _logHash;

    /// <summary>A machine at the start of a run.</summary>
    /// <param name="settings">What all machines agree on.</param>
    /// <param name="tensors">Elements of each tensor, in the order of the manifest.</param>
    /// <param name="master">The first integer weights; the machine takes a copy.</param>
    /// <exception cref="ArgumentException">The tensors do not add up to the weights.</exception>
    public OneByteMachine(OneByteSettings settings, ImmutableArray<int> tensors, ReadOnlySpan<long> master)
        : this(settings, tensors, master, DirectionKey.OfRun((settings ?? throw new ArgumentNullException(nameof(settings))).RunId.Span))
    {
    }

    internal OneByteMachine(OneByteSettings settings, ImmutableArray<int> tensors, ReadOnlySpan<long> master, (uint Key0, uint Key1) key)
    {
        if (tensors.Sum(elements => (long)elements) != master.Length)
        {
            throw new ArgumentException($"The tensors have {tensors.Sum(elements => (long)elements)} elements, the weights {master.Length}.", nameof(tensors));
        }

        _settings = settings;
        _code = new OneByteCode(settings.LevelsPerOctave, settings.Bias);
        _key = key;
        _tensors = tensors;
        _master = master.ToArray();
        _logHash = SHA256.HashData(settings.ToBytes());
    }

    /// <summary>The round that comes next.</summary>
    public uint Round { get; private set; }

    /// <summary>The first 8 bytes of the hash of the log so far: what messages of the next round name.</summary>
    public ulong Previous => BinaryPrimitives.ReadUInt64LittleEndian(_logHash);

    /// <summary>The integer weights.</summary>
    public ReadOnlySpan<long> Master => _master;

    /// <summary>SHA-256 of the integer weights, little-endian: what machines compare.</summary>
    public byte[] StateHash() => SHA256.HashData(MemoryMarshal.AsBytes(_master.AsSpan()));

    /// <summary>Applies the record of the next round.</summary>
    /// <param name="commitment">The record.</param>
    /// <returns>False when it is another round's or follows another log; then nothing has changed.</returns>
    public bool Apply(RoundCommitment commitment)
    {
        ArgumentNullException.ThrowIfNull(commitment);
        if (commitment.Round != Round || commitment.Previous != Previous
            || commitment.Machines.Any(machine => machine.Codes.Length != _settings.BytesPerMachine))
        {
            return false;
        }

        int count = commitment.Machines.Sum(machine => machine.Codes.Length - machine.Codes.Span.Count(OneByteCode.Invalid));
        (long rate, int divisor) = Scale(count);
        foreach ((uint machine, ReadOnlyMemory<byte> codes) in commitment.Machines)
        {
            for (int i = 0; i < codes.Length; i++)
            {
                if (codes.Span[i] is not (OneByteCode.Invalid or OneByteCode.Zero))
                {
                    Move(codes.Span[i], rate, divisor, new DirectionKey(
                        _key.Key0, _key.Key1, Round, machine, (uint)(i / _settings.Directions), (uint)(i % _settings.Directions)));
                }
            }
        }

        byte[] record = commitment.ToBytes();
        _logHash = SHA256.HashData([.. _logHash, .. record]);
        Round++;
        return true;
    }

    /// <summary>Everything that a latecomer needs instead of the records so far: round (4), hash of the log (32), integer weights.</summary>
    public byte[] Checkpoint()
    {
        byte[] bytes = new byte[36 + (sizeof(long) * _master.Length)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Round);
        _logHash.CopyTo(bytes, 4);
        MemoryMarshal.AsBytes(_master.AsSpan()).CopyTo(bytes.AsSpan(36));
        return bytes;
    }

    /// <summary>Goes to a checkpoint.</summary>
    /// <param name="checkpoint">What <see cref="Checkpoint"/> gave on another machine of the run.</param>
    /// <exception cref="InvalidDataException">It has another size.</exception>
    public void Restore(ReadOnlySpan<byte> checkpoint)
    {
        if (checkpoint.Length != 36 + (sizeof(long) * _master.Length))
        {
            throw new InvalidDataException($"The checkpoint has {checkpoint.Length} bytes; this run's have {36 + (sizeof(long) * _master.Length)}.");
        }

        Round = BinaryPrimitives.ReadUInt32LittleEndian(checkpoint);
        _logHash = checkpoint[4..36].ToArray();
        MemoryMarshal.Cast<byte, long>(checkpoint[36..]).CopyTo(_master);
    }

    private (long Rate, int Divisor) Scale(int count) => _settings.Normalisation == OneByteNormalisation.Mean
        ? (_settings.LearningRate, count)
        : (checked(_settings.LearningRate << 16), (int)Math.Round(65536 * Math.Sqrt(count)));

    private void Move(byte code, long rate, int divisor, DirectionKey key)
    {
        long coefficient = FixedPointUpdate.Coefficient(_code, code, rate, divisor, SharedDirection.Denominator(_settings.Noise));
        uint block = 0;
        int start = 0;
        foreach (int elements in _tensors)
        {
            FixedPointUpdate.Apply(_master.AsSpan(start, elements), _settings.Noise, key, block, coefficient);
            block += SharedDirection.BlocksOf(_settings.Noise, elements);
            start += elements;
        }
    }
}
