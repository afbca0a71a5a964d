using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Federated.Numerics.Compression;

/// <summary>Float32 rounded to 16 bits: to the nearest, ties to even; magnitudes beyond the range become the largest finite number.</summary>
public static class ReducedFloats
{
    private const uint LargestBrain = 0x7F7F0000;

    /// <summary>Rounds to IEEE binary16: 11 significant bits, up to 65,504.</summary>
    /// <param name="values">The vector, finite.</param>
    /// <param name="halves">Receives the rounded vector.</param>
    public static void ToHalf(ReadOnlySpan<float> values, Span<Half> halves)
    {
        TensorPrimitives.ConvertToHalf(values, halves);
        for (int i = 0; i < values.Length; i++)
        {
            if (Half.IsInfinity(halves[i]))
            {
                halves[i] = values[i] < 0 ? Half.MinValue : Half.MaxValue;
            }
        }
    }

    /// <summary>Widens binary16, exactly.</summary>
    /// <param name="halves">The numbers.</param>
    /// <param name="values">Receives them.</param>
    public static void FromHalf(ReadOnlySpan<Half> halves, Span<float> values) => TensorPrimitives.ConvertToSingle(halves, values);

    /// <summary>Rounds to bfloat16: 8 significant bits, the range of float32.</summary>
    /// <param name="values">The vector, finite.</param>
    /// <param name="brains">Receives the upper halves of the rounded numbers.</param>
    public static void ToBrain(ReadOnlySpan<float> values, Span<ushort> brains)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        for (int i = 0; i < bits.Length; i++)
        {
            uint sign = bits[i] & 0x80000000;
            uint magnitude = bits[i] & 0x7FFFFFFF;
            uint rounded = Math.Min(magnitude + 0x7FFF + ((magnitude >> 16) & 1), LargestBrain);
            brains[i] = (ushort)((sign | rounded) >> 16);
        }
    }

    /// <summary>Widens bfloat16, exactly.</summary>
    /// <param name="brains">The upper halves.</param>
    /// <param name="values">Receives the numbers.</param>
    public static void FromBrain(ReadOnlySpan<ushort> brains, Span<float> values)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(values);
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            ref ushort source = ref MemoryMarshal.GetReference(brains);
            ref uint target = ref MemoryMarshal.GetReference(bits);
            for (; i <= brains.Length - 16; i += 16)
            {
                (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.LoadUnsafe(ref source, (nuint)i));
                (low << 16).StoreUnsafe(ref target, (nuint)i);
                (high << 16).StoreUnsafe(ref target, (nuint)i + 8);
            }
        }

        for (; i < brains.Length; i++)
        {
            bits[i] = (uint)brains[i] << 16;
        }
    }
}
