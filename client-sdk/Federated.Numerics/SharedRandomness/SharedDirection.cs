using System.Numerics;

namespace Federated.Numerics.SharedRandomness;

/// <summary>The elements of shared directions: as integers, whose real value is the integer divided by <see cref="Denominator"/>, or as float32, which holds that value exactly.</summary>
public static class SharedDirection
{
    /// <summary>Elements that one 128-bit block gives.</summary>
    /// <param name="kind">The distribution.</param>
    public static int ElementsPerBlock(NoiseKind kind) => kind switch
    {
        NoiseKind.Rademacher => 128,
        NoiseKind.Binomial16 or NoiseKind.NormalTable => 8,
        NoiseKind.Binomial64 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such noise."),
    };

    /// <summary>By what an element is divided: 1, 2 or 4.</summary>
    /// <param name="kind">The distribution.</param>
    public static int Denominator(NoiseKind kind) => kind switch
    {
        NoiseKind.Rademacher or NoiseKind.NormalTable => 1,
        NoiseKind.Binomial16 => 2,
        NoiseKind.Binomial64 => 4,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such noise."),
    };

    /// <summary>Blocks that a tensor takes; the next tensor starts on the block after them.</summary>
    /// <param name="kind">The distribution.</param>
    /// <param name="elements">Elements of the tensor.</param>
    /// <exception cref="ArgumentOutOfRangeException">The tensor needs more than 2^32 blocks.</exception>
    public static uint BlocksOf(NoiseKind kind, long elements)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(elements);
        long perBlock = ElementsPerBlock(kind);
        long blocks = (elements + perBlock - 1) / perBlock;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(blocks, uint.MaxValue, nameof(elements));
        return (uint)blocks;
    }

    /// <summary>Makes the integers of consecutive elements of one tensor.</summary>
    /// <param name="kind">The distribution.</param>
    /// <param name="key">The direction.</param>
    /// <param name="firstBlock">The block that the first element starts.</param>
    /// <param name="destination">Receives the integers, in [−32, 32].</param>
    /// <exception cref="ArgumentOutOfRangeException">The distribution has no integers.</exception>
    public static void Fill(NoiseKind kind, DirectionKey key, uint firstBlock, Span<sbyte> destination)
    {
        if (kind == NoiseKind.NormalTable)
        {
            throw new ArgumentOutOfRangeException(nameof(kind), kind, "Normals are no integers.");
        }

        int perBlock = ElementsPerBlock(kind);
        uint stream = key.Stream(RandomPurpose.Perturbation);
        Span<uint> words = stackalloc uint[4];
        for (int start = 0; start < destination.Length; start += perBlock)
        {
            (words[0], words[1], words[2], words[3]) = Philox4x32.Block(
                firstBlock + (uint)(start / perBlock), stream, key.Round, key.Machine, key.Key0, key.Key1);
            Span<sbyte> part = destination.Slice(start, Math.Min(perBlock, destination.Length - start));
            switch (kind)
            {
                case NoiseKind.Rademacher:
                    for (int i = 0; i < part.Length; i++)
                    {
                        part[i] = (sbyte)(1 - (2 * (int)((words[i >> 5] >> (i & 31)) & 1)));
                    }

                    break;
                case NoiseKind.Binomial16:
                    for (int i = 0; i < part.Length; i++)
                    {
                        part[i] = (sbyte)(BitOperations.PopCount((words[i >> 1] >> (16 * (i & 1))) & 0xFFFF) - 8);
                    }

                    break;
                default:
                    for (int i = 0; i < part.Length; i++)
                    {
                        part[i] = (sbyte)(BitOperations.PopCount(words[2 * i]) + BitOperations.PopCount(words[(2 * i) + 1]) - 32);
                    }

                    break;
            }
        }
    }

    /// <summary>Makes consecutive elements of one tensor, exact in float32.</summary>
    /// <param name="kind">The distribution.</param>
    /// <param name="key">The direction.</param>
    /// <param name="firstBlock">The block that the first element starts.</param>
    /// <param name="destination">Receives the elements.</param>
    public static void Fill(NoiseKind kind, DirectionKey key, uint firstBlock, Span<float> destination)
    {
        if (kind == NoiseKind.NormalTable)
        {
            FillNormals(key, firstBlock, destination);
            return;
        }

        const int Chunk = 1024;
        float unit = 1f / Denominator(kind);
        uint blocks = (uint)(Chunk / ElementsPerBlock(kind));
        Span<sbyte> integers = stackalloc sbyte[Chunk];
        for (; !destination.IsEmpty; firstBlock += blocks)
        {
            Span<sbyte> part = integers[..Math.Min(Chunk, destination.Length)];
            Fill(kind, key, firstBlock, part);
            for (int i = 0; i < part.Length; i++)
            {
                destination[i] = part[i] * unit;
            }

            destination = destination[part.Length..];
        }
    }

    private static void FillNormals(DirectionKey key, uint firstBlock, Span<float> destination)
    {
        uint stream = key.Stream(RandomPurpose.Perturbation);
        ReadOnlySpan<float> table = NormalTable.Values;
        Span<uint> words = stackalloc uint[4];
        for (int i = 0; i < destination.Length; i++)
        {
            if (i % 8 == 0)
            {
                (words[0], words[1], words[2], words[3]) = Philox4x32.Block(firstBlock + (uint)(i / 8), stream, key.Round, key.Machine, key.Key0, key.Key1);
            }

            uint half = (words[(i % 8) / 2] >> (16 * (i & 1))) & 0xFFFF;
            float magnitude = table[(int)(half & (NormalTable.Count - 1))];
            destination[i] = half >= NormalTable.Count ? -magnitude : magnitude;
        }
    }
}
