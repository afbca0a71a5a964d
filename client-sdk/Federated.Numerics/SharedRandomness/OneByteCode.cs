using System.Collections.Immutable;

namespace Federated.Numerics.SharedRandomness;

/// <summary>
/// A scalar in one byte: a sign bit and 7 bits of logarithmic magnitude. Code 0x00 is zero; 0x80 says that the sender had no
/// valid value. Magnitude m in 1..127 stands for <c>T[(m − bias) mod L] · 2^(⌊(m − bias) / L⌋ − 11)</c> with L levels an octave
/// and <c>T[j] = round(2048 · 2^(j / L))</c>: 12-bit integers, so that every value is exact in float32 and in integer arithmetic.
/// </summary>
public sealed class OneByteCode
{
    /// <summary>The code of a loss that was NaN or infinite: counted nowhere, contributes nothing.</summary>
    public const byte Invalid = 0x80;

    /// <summary>The code of zero: contributes nothing, but is counted.</summary>
    public const byte Zero = 0x00;

    private const int MantissaBits = 11;

    private readonly double[] _values = new double[128];

    /// <summary>Makes a code.</summary>
    /// <param name="levelsPerOctave">L: 4, 8 or 16. Adjacent values differ by the factor 2^(1 / L).</param>
    /// <param name="bias">The magnitude that stands for 1, 0 to 127: larger values move the range down.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is out of range.</exception>
    public OneByteCode(int levelsPerOctave = 8, int bias = 64)
    {
        if (levelsPerOctave is not (4 or 8 or 16))
        {
            throw new ArgumentOutOfRangeException(nameof(levelsPerOctave), levelsPerOctave, "The levels an octave are 4, 8 or 16.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(bias);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bias, 127);
        LevelsPerOctave = levelsPerOctave;
        Bias = bias;
        Mantissas =
        [
            .. Enumerable.Range(0, levelsPerOctave)
                .Select(level => (int)Math.Round((1 << MantissaBits) * Math.Pow(2, (double)level / levelsPerOctave))),
        ];
        for (int magnitude = 1; magnitude < 128; magnitude++)
        {
            (int mantissa, int exponent) = Parts((byte)magnitude);
            _values[magnitude] = Math.ScaleB(mantissa, exponent);
        }
    }

    /// <summary>L.</summary>
    public int LevelsPerOctave { get; }

    /// <summary>The magnitude that stands for 1.</summary>
    public int Bias { get; }

    /// <summary>T, L integers in [2048, 4096).</summary>
    public ImmutableArray<int> Mantissas { get; }

    /// <summary>The largest magnitude that a code stands for; larger ones saturate.</summary>
    public double Largest => _values[127];

    /// <summary>The code whose value is nearest to a scalar in ratio.</summary>
    /// <param name="value">The scalar; rounded to float32 first, as every sender does.</param>
    public byte Encode(double value)
    {
        float single = (float)value;
        if (!float.IsFinite(single))
        {
            return Invalid;
        }

        double magnitude = Math.Abs((double)single);
        if (magnitude < _values[1] / 2)
        {
            return Zero;
        }

        // The smallest m with g² < V[m] · V[m + 1]; the products of float32 squares and 12-bit mantissas are exact in float64.
        double square = magnitude * magnitude;
        int low = 1, high = 127;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (square < _values[middle] * _values[middle + 1])
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return (byte)(single < 0 ? low | 0x80 : low);
    }

    /// <summary>The value of a code; 0 for <see cref="Zero"/> and <see cref="Invalid"/>.</summary>
    /// <param name="code">The code.</param>
    public double Decode(byte code) => code >= 0x80 ? -_values[code & 0x7F] : _values[code];

    /// <summary>Whether a scalar is beyond the largest value.</summary>
    /// <param name="value">The scalar.</param>
    public bool Saturates(double value) => Math.Abs(value) > _values[127];

    /// <summary>The value of a code as <c>mantissa · 2^exponent</c>, without its sign; (0, 0) for the codes without a value.</summary>
    /// <param name="code">The code.</param>
    public (int Mantissa, int Exponent) Parts(byte code)
    {
        int magnitude = code & 0x7F;
        if (magnitude == 0)
        {
            return (0, 0);
        }

        int step = magnitude - Bias;
        int octave = (int)Math.Floor((double)step / LevelsPerOctave);
        return (Mantissas[step - (octave * LevelsPerOctave)], octave - MantissaBits);
    }
}
