using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Federated.Numerics.SharedRandomness;

/// <summary>
/// The magnitudes of <see cref="NoiseKind.NormalTable"/>: T[k] = Φ⁻¹(½ + (k + ½) / 65536) rounded to float32, k from 0 to 32767. They are a file, because libraries differ in the last bits of Φ⁻¹.
/// </summary>
internal static class NormalTable
{
    public const int Count = 1 << 15;

    private const string Sha256 = "6621a18f629e82396c088501c1095eae46f6d8033b42db7b4158e0f4cf34a0ce";

    private static readonly Lazy<float[]> Loaded = new(Load);

    public static ReadOnlySpan<float> Values => Loaded.Value;

    private static float[] Load()
    {
        using Stream file = typeof(NormalTable).Assembly.GetManifestResourceStream("normals.f32") ?? throw new InvalidDataException("The table of normals is not in the assembly.");
        float[] values = new float[Count];
        Span<byte> bytes = MemoryMarshal.AsBytes(values.AsSpan());
        file.ReadExactly(bytes);
        string hash = Convert.ToHexStringLower(SHA256.HashData(bytes));
        return hash == Sha256 ? values : throw new InvalidDataException($"The table of normals has the hash {hash}, expected {Sha256}.");
    }
}
