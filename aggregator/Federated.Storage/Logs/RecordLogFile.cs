using System.Buffers.Binary;
using Federated.Storage.Files;

namespace Federated.Storage.Logs;

/// <summary>The open file of a log: reads and writes frames at given places. Not thread-safe by itself.</summary>
internal sealed class RecordLogFile : IDisposable
{
    public const uint Version = 1;

    public const int HeaderBytes = 16;

    /// <summary>"FEDRECLG" in ASCII.</summary>
    public const ulong Magic = 0x474C_4345_5244_4546;

    private readonly FileStream _file;
    private byte[] _frame = new byte[4096];

    private RecordLogFile(FileStream file) => _file = file;

    public long Length => RandomAccess.GetLength(_file.SafeFileHandle);

    /// <summary>The lock of the open file keeps a second process from writing the same log.</summary>
    public static RecordLogFile Open(string path) => new(PrivateFile.Open(path, FileMode.Open, Exclusive));

    /// <summary>An empty log, complete before it bears the name.</summary>
    public static RecordLogFile Create(string path)
    {
        var file = new RecordLogFile(PrivateFile.Open(path, FileMode.Create, Exclusive));
        RandomAccess.Write(file._file.SafeFileHandle, Header(), 0);
        return file;
    }

    /// <summary>False when the file ends inside its own header.</summary>
    /// <exception cref="InvalidDataException">It is the file of something else, or of another layout version.</exception>
    public bool CheckHeader(string path)
    {
        Span<byte> found = stackalloc byte[HeaderBytes];
        var length = RandomAccess.Read(_file.SafeFileHandle, found, 0);
        var expected = Header();
        if (found[..length].SequenceEqual(expected.AsSpan(0, length)))
        {
            return length == HeaderBytes;
        }

        throw new InvalidDataException(
            $"Record log {path}: the file starts with {Convert.ToHexString(found[..length])}, this process expects " +
            $"{Convert.ToHexString(expected)} (layout version {Version}). Move the file away to start an empty log.");
    }

    /// <summary>The place behind the frame that was written.</summary>
    public long Write(long place, ReadOnlySpan<byte> payload)
    {
        var bytes = RecordFrame.HeaderBytes + payload.Length;
        var frame = FrameOf(bytes);
        RecordFrame.Write(frame, payload, place);
        RandomAccess.Write(_file.SafeFileHandle, frame, place);
        return place + bytes;
    }

    /// <summary>Null when no record verifies at this place; otherwise its payload, in memory of its own.</summary>
    public ReadOnlyMemory<byte>? TryRead(long place, long end)
    {
        Span<byte> header = stackalloc byte[RecordFrame.HeaderBytes];
        if (end - place < header.Length || RandomAccess.Read(_file.SafeFileHandle, header, place) < header.Length)
        {
            return null;
        }

        var length = RecordFrame.PayloadLength(header);
        if (length is < 0 or > RecordLog.MaxRecordBytes || end - place - header.Length < length)
        {
            return null;
        }

        var frame = new byte[header.Length + length];
        if (RandomAccess.Read(_file.SafeFileHandle, frame, place) < frame.Length || !RecordFrame.Verifies(frame, place))
        {
            return null;
        }

        return frame.AsMemory(header.Length);
    }

    public void Cut(long length) => RandomAccess.SetLength(_file.SafeFileHandle, length);

    public void FlushToDisk() => RandomAccess.FlushToDisk(_file.SafeFileHandle);

    public void Dispose() => _file.Dispose();

    /// <summary>On Windows an exclusive file must still allow its renaming.</summary>
    private static FileShare Exclusive => OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;

    private static byte[] Header()
    {
        var header = new byte[HeaderBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), Version);
        return header;
    }

    private Span<byte> FrameOf(int bytes)
    {
        if (_frame.Length < bytes)
        {
            _frame = new byte[bytes];
        }

        return _frame.AsSpan(0, bytes);
    }
}
