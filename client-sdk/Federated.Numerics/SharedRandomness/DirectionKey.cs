using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Federated.Numerics.SharedRandomness;

/// <summary>
/// Addresses one direction: two machines with equal keys make equal directions without exchanging them. The key of a run is
/// the first 8 bytes of SHA-256 of its id; the counter is (block, tag · 2^24 + sample · 2^12 + perturbation, round, machine).
/// </summary>
/// <param name="Key0">First word of the run's key.</param>
/// <param name="Key1">Second word of the run's key.</param>
/// <param name="Round">The round.</param>
/// <param name="Machine">The machine.</param>
/// <param name="Sample">The sample within the round, below 4096.</param>
/// <param name="Perturbation">The direction within the sample, below 4096.</param>
public readonly record struct DirectionKey(uint Key0, uint Key1, uint Round, uint Machine, uint Sample = 0, uint Perturbation = 0)
{
    /// <summary>Counter word 1 of a stream.</summary>
    /// <param name="purpose"><see cref="RandomPurpose.Perturbation"/> or <see cref="RandomPurpose.Dither"/>.</param>
    /// <exception cref="InvalidOperationException">Sample or perturbation is 4096 or more.</exception>
    public uint Stream(RandomPurpose purpose) => Sample < 4096 && Perturbation < 4096
        ? ((uint)purpose << 24) | (Sample << 12) | Perturbation
        : throw new InvalidOperationException($"Sample {Sample} and perturbation {Perturbation} must be below 4096.");

    /// <summary>The key of a run.</summary>
    /// <param name="runId">The run's id.</param>
    public static (uint Key0, uint Key1) OfRun(ReadOnlySpan<byte> runId)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(runId, hash);
        return (BinaryPrimitives.ReadUInt32LittleEndian(hash), BinaryPrimitives.ReadUInt32LittleEndian(hash[4..]));
    }
}
