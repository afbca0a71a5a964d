using System.Buffers.Binary;
using Federated.Numerics;

namespace Federated.UnitTests.Sparse.Files;

/// <summary>Changes of a file as a fault, a careless writer or an attacker makes them.</summary>
internal static class FedTinyMutation
{
    private const int Header = 96;
    private const int Record = 96;

    private static readonly long[] Interesting =
        [0, 1, 2, 3, 4, 7, 8, 63, 64, 65, 96, 255, 4096, 65_535, 65_536, 1 << 20, (1 << 20) + 1, 1 << 24, 1 << 30, int.MaxValue, int.MinValue, -1, -2, -3, 1L << 32, long.MaxValue, long.MinValue, long.MaxValue / 4];

    /// <summary>One to four changes; mostly the length and the checksums fit again afterwards, so that they get further than the first check.</summary>
    public static byte[] Of(byte[] valid, CounterRandom random)
    {
        byte[] file = [.. valid];
        for (int change = random.NextInt(4); change >= 0; change--)
        {
            file = Changed(file, random);
        }

        if (file.Length >= Header && random.NextInt(8) != 0)
        {
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(32), file.Length);
        }

        return file.Length >= Header && random.NextInt(8) != 0 ? TinyNetworks.Reseal(file) : file;
    }

    private static byte[] Changed(byte[] file, CounterRandom random)
    {
        int layers = file.Length < Header ? 0 : Math.Clamp(BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(12)), 0, (file.Length - Header) / Record);
        int table = Math.Min(file.Length, Header + (Record * layers));
        switch (random.NextInt(9))
        {
            case 0 when file.Length > 0:
                file[random.NextInt(file.Length)] ^= (byte)(1 << random.NextInt(8));
                break;
            case 1 when table > 20:
                BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(8 + (4 * random.NextInt((table - 8) / 4))), (int)Number(random, file.Length));
                break;
            case 2 when file.Length > 4:
                BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4 * random.NextInt(file.Length / 4)), (int)Number(random, file.Length));
                break;
            case 3 when layers > 0:
                // An offset: somewhere else, or where another section is.
                BinaryPrimitives.WriteInt64LittleEndian(
                    Offset(file, random, layers), random.NextInt(2) == 0 ? Number(random, file.Length) : BinaryPrimitives.ReadInt64LittleEndian(Offset(file, random, layers)));
                break;
            case 4 when layers > 0:
                file.AsSpan(Header + (Record * random.NextInt(layers)), Record).CopyTo(file.AsSpan(Header + (Record * random.NextInt(layers)), Record));
                break;
            case 5 when file.Length > 8:
                int length = random.NextInt(Math.Min(256, file.Length));
                file.AsSpan(random.NextInt(file.Length - length), length).CopyTo(file.AsSpan(random.NextInt(file.Length - length)));
                break;
            case 6 when file.Length > 0:
                return file[..random.NextInt(file.Length)];
            case 7:
                byte[] more = new byte[random.NextInt(300)];
                if (random.NextInt(2) == 0)
                {
                    more.AsSpan().Fill((byte)random.NextUInt32());
                }

                return [.. file, .. more];
            case 8 when layers > 0:
                BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(12), Math.Max(0, layers + random.NextInt(5) - 2));
                break;
        }

        return file;
    }

    private static Span<byte> Offset(byte[] file, CounterRandom random, int layers) =>
        file.AsSpan(Header + (Record * random.NextInt(layers)) + 48 + (8 * random.NextInt(5)), 8);

    private static long Number(CounterRandom random, int length) => random.NextInt(3) switch
    {
        0 => random.NextInt(40) - 3,
        1 => random.NextInt(2 * length) & ~3,
        _ => Interesting[random.NextInt(Interesting.Length)],
    };
}
