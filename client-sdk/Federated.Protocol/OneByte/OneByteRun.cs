using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Federated.Numerics.SharedRandomness;
using Federated.Protocol.Jobs;

namespace Federated.Protocol.OneByte;

/// <summary>The settings of a one-byte exchange as a job definition gives them.</summary>
public static class OneByteRun
{
    /// <summary>The name by which job definitions ask for it.</summary>
    public const string Algorithm = "onebyte";

    /// <summary>P: <c>probes</c>, directions of a batch.</summary>
    public const string Probes = "probes";

    /// <summary>S: <c>samples</c>, batches of a machine in a round.</summary>
    public const string Samples = "samples";

    /// <summary><c>epsilon_exponent</c>: ε is 2 to this.</summary>
    public const string EpsilonExponent = "epsilon_exponent";

    /// <summary><c>noise</c>: the number of a <see cref="NoiseKind"/>.</summary>
    public const string Noise = "noise";

    /// <summary><c>levels</c> an octave of the code.</summary>
    public const string Levels = "levels";

    /// <summary><c>bias</c> of the code.</summary>
    public const string Bias = "bias";

    /// <summary><c>fraction_bits</c>: q.</summary>
    public const string FractionBits = "fraction_bits";

    /// <summary><c>float_weights</c>: mode F instead of mode I.</summary>
    public const string FloatWeights = "float_weights";

    /// <summary><c>root</c>: sums are divided by the root of the number of valid bytes.</summary>
    public const string Root = "root";

    /// <summary><c>pool</c>: number of directions of a finite pool.</summary>
    public const string Pool = "pool";

    /// <summary><c>window</c>: rounds between checkpoints; every machine tells the hash of its state as often.</summary>
    public const string Window = "window";

    /// <summary><c>retain</c>: checkpoints that a server keeps, with the records that led to them.</summary>
    public const string Retain = "retain";

    /// <summary>The settings of a run that starts from a model.</summary>
    /// <param name="job">A valid definition of algorithm <see cref="Algorithm"/>.</param>
    /// <param name="runName">Names the run among all; its directions follow from it and the job's seed.</param>
    /// <param name="manifest">The tensors.</param>
    /// <param name="parameters">All parameters of the initial model.</param>
    /// <exception cref="ArgumentException">No machine can work with the settings; the message says why.</exception>
    public static OneByteSettings SettingsOf(JobDefinition job, string runName, OneByteManifest manifest, ReadOnlySpan<float> parameters)
    {
        ArgumentNullException.ThrowIfNull(job);
        Dictionary<string, double> given = job.Algorithm.Parameters;
        byte fractionBits = (byte)given.GetValueOrDefault(FractionBits, 40);
        double rate = Math.Round(Math.ScaleB(job.Local.LearningRate, fractionBits));
        var settings = new OneByteSettings(RunId(runName, job.Seed), new byte[32], new byte[32], rate < long.MaxValue ? (long)rate : long.MaxValue)
        {
            Noise = (NoiseKind)(int)given.GetValueOrDefault(Noise),
            LevelsPerOctave = (byte)given.GetValueOrDefault(Levels, 8),
            Bias = (byte)given.GetValueOrDefault(Bias, 64),
            FractionBits = fractionBits,
            Normalisation = (OneByteNormalisation)(byte)given.GetValueOrDefault(Root),
            Samples = (ushort)given.GetValueOrDefault(Samples, 1),
            Directions = (ushort)given.GetValueOrDefault(Probes, 1),
            EpsilonExponent = (sbyte)given.GetValueOrDefault(EpsilonExponent, -10),
            Arithmetic = (OneByteArithmetic)(byte)given.GetValueOrDefault(FloatWeights),
            Momentum = (ushort)Math.Min(Math.Round(job.Local.Momentum * 65536), ushort.MaxValue),
            Pool = (uint)given.GetValueOrDefault(Pool),
        };
        return settings.Fault() is { } fault ? throw new ArgumentException(fault, nameof(job)) : OneByteMachine.Seal(settings, manifest, parameters);
    }

    /// <summary>Rounds between checkpoints.</summary>
    /// <param name="job">The job.</param>
    public static int WindowOf(JobDefinition job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return (int)job.Algorithm.Parameters.GetValueOrDefault(Window, 64);
    }

    /// <summary>Checkpoints that a server keeps.</summary>
    /// <param name="job">The job.</param>
    public static int RetainOf(JobDefinition job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return (int)job.Algorithm.Parameters.GetValueOrDefault(Retain, 8);
    }

    private static byte[] RunId(string name, ulong seed)
    {
        byte[] bytes = new byte[sizeof(ulong) + Encoding.UTF8.GetByteCount(name)];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, seed);
        Encoding.UTF8.GetBytes(name, bytes.AsSpan(sizeof(ulong)));
        return SHA256.HashData(bytes)[..16];
    }
}
