namespace Federated.Numerics;

/// <summary>
/// One stream of random numbers, addressed by seed, purpose and three indices. The same address gives the same numbers on
/// every machine and in every order of creation. Not safe for use by several threads at once.
/// </summary>
/// <remarks>
/// Addressing: the Philox key is the seed (low word, high word). The counter is (block, purpose · 2^24 + c, a, b), so
/// two streams with different addresses never share a block: no hashing, no collisions. A stream has 2^34 words.
/// </remarks>
public sealed class CounterRandom
{
    private const int ChunkWords = 512;

    private readonly uint _key0;
    private readonly uint _key1;
    private readonly uint _counter1;
    private readonly uint _counter2;
    private readonly uint _counter3;
    private uint _block;
    private int _unused;
    private uint _word1;
    private uint _word2;
    private uint _word3;
    private double _spareGaussian = double.NaN;

    /// <summary>Opens a stream at its beginning.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="purpose">What the numbers decide.</param>
    /// <param name="a">First index, for example the client.</param>
    /// <param name="b">Second index, for example the round.</param>
    /// <param name="c">Third index, for example the step; below 2^24.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="c"/> is 2^24 or more, or the purpose does not fit a byte.</exception>
    public CounterRandom(ulong seed, RandomPurpose purpose, uint a = 0, uint b = 0, uint c = 0)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(c, 1u << 24);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)purpose, 0xFFu, nameof(purpose));
        _key0 = (uint)seed;
        _key1 = (uint)(seed >> 32);
        _counter1 = ((uint)purpose << 24) | c;
        _counter2 = a;
        _counter3 = b;
    }

    /// <summary>32 random bits.</summary>
    /// <exception cref="InvalidOperationException">The stream's 2^34 words are used up.</exception>
    public uint NextUInt32()
    {
        switch (_unused)
        {
            case 3:
                _unused = 2;
                return _word1;
            case 2:
                _unused = 1;
                return _word2;
            case 1:
                _unused = 0;
                return _word3;
            case < 0:
                throw new InvalidOperationException("The stream's 2^34 words are used up.");
            default:
                (uint word0, _word1, _word2, _word3) =
                    Philox4x32.Block(_block, _counter1, _counter2, _counter3, _key0, _key1);
                _unused = unchecked(++_block) == 0 ? -1 : 3;
                return word0;
        }
    }

    /// <summary>64 random bits: the first word is the low half.</summary>
    public ulong NextUInt64()
    {
        ulong low = NextUInt32();
        return low | ((ulong)NextUInt32() << 32);
    }

    /// <summary>A whole number in [0, bound), each equally likely (Lemire's multiplication with rejection).</summary>
    /// <param name="bound">Greater than 0.</param>
    public int NextInt(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        uint range = (uint)bound;
        ulong product = (ulong)NextUInt32() * range;
        if ((uint)product < range)
        {
            uint threshold = (0u - range) % range;
            while ((uint)product < threshold)
            {
                product = (ulong)NextUInt32() * range;
            }
        }

        return (int)(product >> 32);
    }

    /// <summary>A float64 in [0, 1) with 53 random bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A float32 in [0, 1) with 24 random bits.</summary>
    public float NextSingle() => (NextUInt32() >> 8) * (1.0f / (1 << 24));

    /// <summary>
    /// A standard normal number (Marsaglia's polar method). Its logarithm is the platform's, so the last bit may differ
    /// between operating systems; on one machine the stream is fixed.
    /// </summary>
    public double NextGaussian()
    {
        if (!double.IsNaN(_spareGaussian))
        {
            double spare = _spareGaussian;
            _spareGaussian = double.NaN;
            return spare;
        }

        while (true)
        {
            double x = (2 * NextDouble()) - 1;
            double y = (2 * NextDouble()) - 1;
            double square = (x * x) + (y * y);
            if (square is > 0 and < 1)
            {
                double scale = Math.Sqrt(-2 * Math.Log(square) / square);
                _spareGaussian = y * scale;
                return x * scale;
            }
        }
    }

    /// <summary>A number of the gamma distribution with scale 1 (Marsaglia and Tsang 2000).</summary>
    /// <param name="shape">Greater than 0.</param>
    public double NextGamma(double shape)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shape);
        if (shape < 1)
        {
            double power = Math.Pow(1 - NextDouble(), 1 / shape);
            return NextGamma(shape + 1) * power;
        }

        double d = shape - (1.0 / 3);
        double c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = NextGaussian();
            double v = 1 + (c * x);
            if (v <= 0)
            {
                continue;
            }

            v = v * v * v;
            double u = 1 - NextDouble();
            if (Math.Log(u) < (0.5 * x * x) + (d * (1 - v + Math.Log(v))))
            {
                return d * v;
            }
        }
    }

    /// <summary>A point of the symmetric Dirichlet distribution: non-negative, sum 1.</summary>
    /// <param name="alpha">Concentration, greater than 0; small values give uneven points.</param>
    /// <param name="destination">Receives the point; at least one element.</param>
    public void NextDirichlet(double alpha, Span<double> destination)
    {
        ArgumentOutOfRangeException.ThrowIfZero(destination.Length, nameof(destination));
        double sum = 0;
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = NextGamma(alpha);
            sum += destination[i];
        }

        if (!(sum > 0))
        {
            // Every draw underflowed, as with a tiny alpha: the limit of the distribution is a random corner.
            destination.Clear();
            destination[NextInt(destination.Length)] = 1;
            return;
        }

        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] /= sum;
        }
    }

    /// <summary>Puts the items into a random order, each equally likely (Fisher and Yates).</summary>
    /// <param name="items">The items.</param>
    /// <typeparam name="T">Type of an item.</typeparam>
    public void Shuffle<T>(Span<T> items)
    {
        Span<uint> words = stackalloc uint[ChunkWords];
        for (int i = items.Length - 1; i > 0;)
        {
            // Every exchange takes a word at least, so that so many are used in any case.
            Span<uint> chunk = words[..Math.Min(ChunkWords, i)];
            FillWords(chunk);
            foreach (uint word in chunk)
            {
                // As in NextInt: a word below the threshold is passed over.
                uint range = (uint)i + 1;
                ulong product = (ulong)word * range;
                if ((uint)product >= range || (uint)product >= (0u - range) % range)
                {
                    int other = (int)(product >> 32);
                    (items[i], items[other]) = (items[other], items[i]);
                    i--;
                }
            }
        }
    }

    /// <summary>Draws distinct numbers from [0, population), each set equally likely (Floyd), in random order.</summary>
    /// <param name="population">Numbers to draw from.</param>
    /// <param name="count">Numbers to draw, 0 to <paramref name="population"/>.</param>
    public int[] Choose(int population, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(population);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, population);
        int[] chosen = new int[count];
        var seen = new HashSet<int>(count);
        for (int i = 0; i < count; i++)
        {
            int last = population - count + i;
            int candidate = NextInt(last + 1);
            if (!seen.Add(candidate))
            {
                candidate = last;
                seen.Add(last);
            }

            chosen[i] = candidate;
        }

        Shuffle(chosen.AsSpan());
        return chosen;
    }

    /// <summary>Fills with numbers in [low, high).</summary>
    /// <param name="destination">Receives the numbers.</param>
    /// <param name="low">Smallest number.</param>
    /// <param name="high">End of the range.</param>
    public void FillUniform(Span<float> destination, float low, float high)
    {
        float width = high - low;
        Span<uint> words = stackalloc uint[ChunkWords];
        while (!destination.IsEmpty)
        {
            Span<float> part = destination[..Math.Min(ChunkWords, destination.Length)];
            FillWords(words[..part.Length]);
            for (int i = 0; i < part.Length; i++)
            {
                // 24 bits fit an int, whose conversion to float32 is one instruction.
                part[i] = low + (width * ((int)(words[i] >> 8) * (1.0f / (1 << 24))));
            }

            destination = destination[part.Length..];
        }
    }

    /// <summary>Fills with random bits: the words that repeated <see cref="NextUInt32"/> would give, made many blocks at a time.</summary>
    /// <param name="destination">Receives the words.</param>
    /// <exception cref="InvalidOperationException">The stream's 2^34 words are used up.</exception>
    public void FillWords(Span<uint> destination)
    {
        while (!destination.IsEmpty && _unused > 0)
        {
            destination[0] = NextUInt32();
            destination = destination[1..];
        }

        // The last block of the stream is left to the one-word form, which knows where the stream ends.
        int blocks = (int)Math.Min((uint)destination.Length / 4, uint.MaxValue - _block);
        if (_unused == 0 && blocks > 0)
        {
            Philox4x32.Fill(_block, _counter1, _counter2, _counter3, _key0, _key1, destination[..(4 * blocks)]);
            _block += (uint)blocks;
            destination = destination[(4 * blocks)..];
        }

        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = NextUInt32();
        }
    }

    /// <summary>Fills with normal numbers.</summary>
    /// <param name="destination">Receives the numbers.</param>
    /// <param name="mean">Their mean.</param>
    /// <param name="deviation">Their standard deviation.</param>
    public void FillGaussian(Span<float> destination, double mean, double deviation)
    {
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = (float)(mean + (deviation * NextGaussian()));
        }
    }

    /// <summary>Fills a dropout mask: 0 with the drop probability, 1 / (1 − p) otherwise.</summary>
    /// <param name="destination">Receives the mask.</param>
    /// <param name="dropProbability">p, in [0, 1).</param>
    public void FillDropoutMask(Span<float> destination, double dropProbability)
    {
        if (!(dropProbability is >= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(dropProbability), dropProbability, "The drop probability is in [0, 1).");
        }

        uint threshold = (uint)Math.Round(dropProbability * (1UL << 32), MidpointRounding.ToZero);
        float kept = (float)(1 / (1 - dropProbability));
        Span<uint> words = stackalloc uint[ChunkWords];
        while (!destination.IsEmpty)
        {
            Span<float> part = destination[..Math.Min(ChunkWords, destination.Length)];
            FillWords(words[..part.Length]);
            for (int i = 0; i < part.Length; i++)
            {
                part[i] = words[i] < threshold ? 0 : kept;
            }

            destination = destination[part.Length..];
        }
    }
}
