using System.Buffers.Binary;
using Federated.Numerics;

namespace Federated.Benchmarks.Training;

/// <summary>Random images and labels as files of the MNIST family: the speed of training does not depend on what they show.</summary>
internal static class SyntheticImages
{
    private const int TestCount = 50;

    public static void Write(string folder, int side, int trainCount)
    {
        Write(folder, "train", side, trainCount);
        Write(folder, "t10k", side, TestCount);
    }

    private static void Write(string folder, string part, int side, int count)
    {
        var random = new CounterRandom(1, RandomPurpose.Test, (uint)side, (uint)count);
        byte[] images = new byte[16 + (count * side * side)];
        WriteHeader(images, 0x803, count, side, side);
        foreach (ref byte pixel in images.AsSpan(16))
        {
            pixel = (byte)random.NextUInt32();
        }

        byte[] labels = new byte[8 + count];
        WriteHeader(labels, 0x801, count);
        for (int i = 0; i < count; i++)
        {
            labels[8 + i] = (byte)(i % 10);
        }

        File.WriteAllBytes(Path.Combine(folder, $"{part}-images-idx3-ubyte"), images);
        File.WriteAllBytes(Path.Combine(folder, $"{part}-labels-idx1-ubyte"), labels);
    }

    private static void WriteHeader(Span<byte> file, params ReadOnlySpan<int> numbers)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(file[(4 * i)..], numbers[i]);
        }
    }
}
