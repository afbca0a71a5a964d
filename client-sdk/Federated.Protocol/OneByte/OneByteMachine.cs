using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using Federated.Numerics.SharedRandomness;

namespace Federated.Protocol.OneByte;

/// <summary>
/// The state of one machine: its weights and the hash of the log that led to them. Every machine that applies the same records holds the same bits, whatever it computes
/// with; a latecomer needs the records, or a checkpoint and the records after it. Serves one thread at a time.
/// </summary>
public sealed class OneByteMachine
{
    private const int CheckpointHeader = sizeof(uint) + SHA256.HashSizeInBytes;

    private readonly OneByteCode _code;
    private readonly (uint Key0, uint Key1) _key;
    private readonly OneByteWeights _weights;
    private readonly double _epsilon;
    private byte[] _logHash;

    /// <summary>A machine at the start of a run with integer weights.</summary>
    /// <param name="settings">What all machines agree on.</param>
    /// <param name="tensors">Elements of each tensor, in the order of the manifest.</param>
    /// <param name="master">The first integer weights; the machine takes a copy.</param>
    /// <exception cref="ArgumentException">The tensors do not add up to the weights, or the settings are for float weights.</exception>
    public OneByteMachine(OneByteSettings settings, ImmutableArray<int> tensors, ReadOnlySpan<long> master)
        : this(settings, tensors, master, DirectionKey.OfRun((settings ?? throw new ArgumentNullException(nameof(settings))).RunId.Span))
    {
    }

    internal OneByteMachine(OneByteSettings settings, ImmutableArray<int> tensors, ReadOnlySpan<long> master, (uint Key0, uint Key1) key)
        : this(settings, tensors, master.Length, key, Integers(settings, tensors, master, key))
    {
    }

    private OneByteMachine(OneByteSettings settings, ImmutableArray<int> tensors, int elements, (uint Key0, uint Key1) key, OneByteWeights weights)
    {
        if (tensors.Sum(length => (long)length) != elements)
        {
            throw new ArgumentException($"The tensors have {tensors.Sum(length => (long)length)} elements, the weights {elements}.", nameof(tensors));
        }

        Settings = settings;
        Elements = elements;
        _code = new OneByteCode(settings.LevelsPerOctave, settings.Bias);
        _key = key;
        _weights = weights;
        _epsilon = Math.ScaleB(1, settings.EpsilonExponent);
        _logHash = SHA256.HashData(settings.ToBytes());
    }

    /// <summary>What all machines of the run agree on.</summary>
    public OneByteSettings Settings { get; }

    /// <summary>Number of weights: d.</summary>
    public int Elements { get; }

    /// <summary>The round that comes next.</summary>
    public uint Round { get; private set; }

    /// <summary>The hash of the log so far, 32 bytes.</summary>
    public ReadOnlySpan<byte> LogHash => _logHash;

    /// <summary>The first 8 bytes of the hash of the log so far: what messages of the next round name.</summary>
    public ulong Previous => BinaryPrimitives.ReadUInt64LittleEndian(_logHash);

    /// <summary>The integer weights; empty for float weights.</summary>
    public ReadOnlySpan<long> Master => _weights switch
    {
        FixedPointWeights integers => integers.Master,
        PooledWeights pooled => pooled.Weights.Master,
        _ => [],
    };

    /// <summary>A machine at the start of a run, in the arithmetic of the settings.</summary>
    /// <param name="settings">What all machines agree on.</param>
    /// <param name="manifest">The tensors.</param>
    /// <param name="parameters">All parameters of the initial model.</param>
    /// <exception cref="InvalidDataException">The settings are those of another model: manifest or first state have another hash.</exception>
    public static OneByteMachine Start(OneByteSettings settings, OneByteManifest manifest, ReadOnlySpan<float> parameters)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(manifest);
        OneByteMachine machine = Build(settings, manifest, parameters);
        return !settings.ManifestHash.Span.SequenceEqual(manifest.Hash.Span)
            ? throw new InvalidDataException("The model has other tensors than the run: the hashes of the manifests differ.")
            : !machine.StateHash().AsSpan().SequenceEqual(settings.StateHash.Span)
            ? throw new InvalidDataException("The model is not the one that the run began with: the hashes of the first states differ.")
            : machine;
    }

    /// <summary>Settings with the hashes of a model and its first state.</summary>
    /// <param name="settings">Settings whose hashes do not matter.</param>
    /// <param name="manifest">The tensors.</param>
    /// <param name="parameters">All parameters of the initial model.</param>
    public static OneByteSettings Seal(OneByteSettings settings, OneByteManifest manifest, ReadOnlySpan<float> parameters)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(manifest);
        return settings with { ManifestHash = manifest.Hash, StateHash = Build(settings, manifest, parameters).StateHash() };
    }

    /// <summary>SHA-256 of the weights, little-endian, and of the velocity behind them where there is momentum: what machines compare.</summary>
    public byte[] StateHash() => SHA256.HashData(_weights.State);

    /// <summary>Copies the weights out, as the model takes them.</summary>
    /// <param name="weights">Overwritten; <see cref="Elements"/>.</param>
    public void CopyTo(Span<float> weights) => _weights.CopyTo(weights);

    /// <summary>The weights to both sides of a direction of the next round: θ ± ε z, into memory of the caller's, so that no rounding remains in θ.</summary>
    /// <param name="machine">Whose direction.</param>
    /// <param name="sample">The batch, below S.</param>
    /// <param name="direction">The direction, below P.</param>
    /// <param name="plus">Overwritten; <see cref="Elements"/>.</param>
    /// <param name="minus">Overwritten; <see cref="Elements"/>.</param>
    public void Perturb(uint machine, int sample, int direction, Span<float> plus, Span<float> minus) =>
        _weights.Perturb(new DirectionKey(_key.Key0, _key.Key1, Round, machine, (uint)sample, (uint)direction), _epsilon, plus, minus);

    /// <summary>Applies the record of the next round.</summary>
    /// <param name="commitment">The record.</param>
    /// <returns>False when it is another round's or follows another log; then nothing has changed.</returns>
    public bool Apply(RoundCommitment commitment)
    {
        ArgumentNullException.ThrowIfNull(commitment);
        if (commitment.Round != Round || commitment.Previous != Previous
            || commitment.Machines.Any(machine => machine.Codes.Length != Settings.BytesPerMachine))
        {
            return false;
        }

        int count = commitment.Machines.Sum(machine => machine.Codes.Length - machine.Codes.Span.Count(OneByteCode.Invalid));
        if (count > 0)
        {
            (long rate, int divisor) = Scale(count);
            _weights.BeginRound();
            foreach ((uint machine, ReadOnlyMemory<byte> codes) in commitment.Machines)
            {
                Move(machine, codes.Span, rate, divisor);
            }

            _weights.EndRound();
        }

        byte[] record = commitment.ToBytes();
        _logHash = SHA256.HashData([.. _logHash, .. record]);
        Round++;
        return true;
    }

    /// <summary>Everything that a latecomer needs instead of the records so far: round (4), hash of the log (32), weights and velocity, or the sums of a pool.</summary>
    public byte[] Checkpoint()
    {
        byte[] bytes = new byte[CheckpointHeader + _weights.Saved.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Round);
        _logHash.CopyTo(bytes, sizeof(uint));
        _weights.Saved.CopyTo(bytes.AsSpan(CheckpointHeader));
        return bytes;
    }

    /// <summary>Goes to a checkpoint.</summary>
    /// <param name="checkpoint">What <see cref="Checkpoint"/> gave on another machine of the run.</param>
    /// <exception cref="InvalidDataException">It has another size.</exception>
    public void Restore(ReadOnlySpan<byte> checkpoint)
    {
        int expected = CheckpointHeader + _weights.Saved.Length;
        if (checkpoint.Length != expected)
        {
            throw new InvalidDataException($"The checkpoint has {checkpoint.Length} bytes; this run's have {expected}.");
        }

        Round = BinaryPrimitives.ReadUInt32LittleEndian(checkpoint);
        _logHash = checkpoint[sizeof(uint)..CheckpointHeader].ToArray();
        _weights.Restore(checkpoint[CheckpointHeader..]);
    }

    private static OneByteMachine Build(OneByteSettings settings, OneByteManifest manifest, ReadOnlySpan<float> parameters)
    {
        float[] weights = new float[manifest.Elements];
        manifest.Gather(parameters, weights);
        return settings.Arithmetic == OneByteArithmetic.CanonicalFloat
            ? new OneByteMachine(
                settings, manifest.Tensors, weights.Length, DirectionKey.OfRun(settings.RunId.Span), new CanonicalFloatWeights(settings, manifest.Tensors, weights))
            : new OneByteMachine(settings, manifest.Tensors, FixedPointWeights.Of(weights, settings.FractionBits));
    }

    private static OneByteWeights Integers(OneByteSettings settings, ImmutableArray<int> tensors, ReadOnlySpan<long> master, (uint Key0, uint Key1) key) =>
        settings.Arithmetic != OneByteArithmetic.FixedPoint ? throw new ArgumentException("The settings are for float weights.", nameof(settings))
        : settings.Pool > 0 ? new PooledWeights(settings, tensors, master, key)
        : new FixedPointWeights(settings, tensors, master);

    private (long Rate, int Divisor) Scale(int count) => Settings.Normalisation == OneByteNormalisation.Mean
        ? (Settings.LearningRate, count)
        : (checked(Settings.LearningRate << 16), (int)Math.Round(65536 * Math.Sqrt(count)));

    private void Move(uint machine, ReadOnlySpan<byte> codes, long rate, int divisor)
    {
        for (int i = 0; i < codes.Length; i++)
        {
            if (codes[i] is not (OneByteCode.Invalid or OneByteCode.Zero))
            {
                _weights.Move(
                    new DirectionKey(_key.Key0, _key.Key1, Round, machine, (uint)(i / Settings.Directions), (uint)(i % Settings.Directions)),
                    FixedPointUpdate.Coefficient(_code, codes[i], rate, divisor, SharedDirection.Denominator(Settings.Noise)));
            }
        }
    }
}
