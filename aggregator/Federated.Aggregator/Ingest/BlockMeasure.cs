using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Federated.Protocol.V1;

namespace Federated.Aggregator.Ingest;

/// <summary>
/// Sum of squares and finiteness of a block of floats. Inside a block float32 squares are summed in float32 lanes (a block has at
/// most 4096 of them, so the relative error stays below 4096 × 2⁻²⁴); blocks are summed in double by the caller.
/// </summary>
internal static class BlockMeasure
{
    /// <returns>False when the block has a NaN or an infinity.</returns>
    public static bool TryMeasure(SectionDType type, ReadOnlySpan<byte> block, out double sumOfSquares)
    {
        switch (type)
        {
            case SectionDType.F32:
                return TryMeasureSingle(MemoryMarshal.Cast<byte, float>(block), out sumOfSquares);
            case SectionDType.F64:
                return TryMeasureDouble(MemoryMarshal.Cast<byte, double>(block), out sumOfSquares);
            case SectionDType.F16:
                return TryMeasureHalf(MemoryMarshal.Cast<byte, Half>(block), out sumOfSquares);
            case SectionDType.Bf16:
                return TryMeasureBrain(MemoryMarshal.Cast<byte, ushort>(block), out sumOfSquares);
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "Only float sections are measured.");
        }
    }

    private static bool TryMeasureSingle(ReadOnlySpan<float> values, out double sumOfSquares)
    {
        sumOfSquares = TensorPrimitives.SumOfSquares(values);
        if (double.IsFinite(sumOfSquares))
        {
            return true;
        }

        // Not finite: either a value is not, or finite squares have overflowed float32.
        sumOfSquares = 0;
        bool isFinite = true;
        foreach (float value in values)
        {
            isFinite &= float.IsFinite(value);
            sumOfSquares += (double)value * value;
        }

        return isFinite;
    }

    private static bool TryMeasureDouble(ReadOnlySpan<double> values, out double sumOfSquares)
    {
        sumOfSquares = TensorPrimitives.SumOfSquares(values);
        if (double.IsFinite(sumOfSquares))
        {
            return true;
        }

        foreach (double value in values)
        {
            if (!double.IsFinite(value))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryMeasureHalf(ReadOnlySpan<Half> values, out double sumOfSquares)
    {
        sumOfSquares = 0;
        bool isFinite = true;
        foreach (Half value in values)
        {
            double wide = (double)value;
            isFinite &= double.IsFinite(wide);
            sumOfSquares += wide * wide;
        }

        return isFinite;
    }

    private static bool TryMeasureBrain(ReadOnlySpan<ushort> values, out double sumOfSquares)
    {
        sumOfSquares = 0;
        bool isFinite = true;
        foreach (ushort bits in values)
        {
            double wide = Unsafe.BitCast<int, float>(bits << 16);
            isFinite &= double.IsFinite(wide);
            sumOfSquares += wide * wide;
        }

        return isFinite;
    }
}
