using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Federated.Client.Sparse.Files;

/// <summary>Bytes at a fixed address: a mapped file, or a pinned array.</summary>
internal sealed unsafe class MappedBytes : IDisposable
{
    private readonly MemoryMappedFile? _file;
    private readonly MemoryMappedViewAccessor? _view;
    private GCHandle _pin;
    private byte* _start;

    private MappedBytes(MemoryMappedFile file, MemoryMappedViewAccessor view, int length)
    {
        (_file, _view, Length) = (file, view, length);
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        _start += view.PointerOffset;
    }

    private MappedBytes(byte[] bytes)
    {
        _pin = GCHandle.Alloc(bytes, GCHandleType.Pinned);
        _start = (byte*)_pin.AddrOfPinnedObject();
        Length = bytes.Length;
    }

    public int Length { get; }

    public ReadOnlySpan<byte> Span => new(Start(0), Length);

    public static MappedBytes Pin(byte[] bytes) => new(bytes);

    /// <exception cref="InvalidDataException">The file is empty or has 2 GiB or more.</exception>
    public static MappedBytes Map(string path)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1);
        MemoryMappedFile? file = null;
        try
        {
            if (stream.Length is 0 or > int.MaxValue)
            {
                throw new InvalidDataException($"Not a .fedtiny file: it has {stream.Length} bytes.");
            }

            int length = (int)stream.Length;
            file = MemoryMappedFile.CreateFromFile(stream, mapName: null, capacity: 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new MappedBytes(file, file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read), length);
        }
        catch
        {
            file?.Dispose();
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The address of a byte.</summary>
    /// <exception cref="ObjectDisposedException">The bytes are gone.</exception>
    public byte* Start(long offset)
    {
        ObjectDisposedException.ThrowIf(_start is null, typeof(FedTinyFile));
        return _start + offset;
    }

    public void Dispose()
    {
        if (_start is not null)
        {
            _start = null;
            _view?.SafeMemoryMappedViewHandle.ReleasePointer();
            _view?.Dispose();
            _file?.Dispose();
            if (_pin.IsAllocated)
            {
                _pin.Free();
            }
        }
    }
}
