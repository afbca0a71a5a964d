using System.Buffers.Binary;

namespace Federated.Client.OneByte.Peers;

/// <summary>Frames on a stream: the length (4, little-endian), then as many bytes.</summary>
internal static class PeerFrames
{
    /// <returns>Bytes written.</returns>
    public static async Task<int> WriteAsync(Stream stream, ReadOnlyMemory<byte> frame, CancellationToken stop)
    {
        byte[] bytes = new byte[sizeof(int) + frame.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, frame.Length);
        frame.CopyTo(bytes.AsMemory(sizeof(int)));
        await stream.WriteAsync(bytes, stop).ConfigureAwait(false);
        return bytes.Length;
    }

    /// <exception cref="InvalidDataException">The frame is longer than what is taken.</exception>
    public static async Task<byte[]> ReadAsync(Stream stream, int mostBytes, CancellationToken stop)
    {
        byte[] length = new byte[sizeof(int)];
        await stream.ReadExactlyAsync(length, stop).ConfigureAwait(false);
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(length);
        if (bytes < 0 || bytes > mostBytes)
        {
            throw new InvalidDataException($"A frame of {bytes} bytes; at most {mostBytes} are taken.");
        }

        byte[] frame = new byte[bytes];
        await stream.ReadExactlyAsync(frame, stop).ConfigureAwait(false);
        return frame;
    }
}
