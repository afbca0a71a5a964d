using System.Buffers;
using System.IO.MemoryMappedFiles;
using Microsoft.Win32.SafeHandles;

namespace Federated.Aggregator.Journal;

/// <summary>A payload on disk, mapped: its pages come when they are read, and the system may take them back.</summary>
internal sealed unsafe class SpooledPayload : MemoryManager<byte>
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _bytes;
    private readonly int _length;
    private bool _isDisposed;

    public SpooledPayload(SafeFileHandle handle, int length)
    {
        _length = length;
        _file = MemoryMappedFile.CreateFromFile(handle, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _bytes);
        _bytes += _view.PointerOffset;
    }

    public override Span<byte> GetSpan() => new(Bytes, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(Bytes + elementIndex, pinnable: this);

    public override void Unpin()
    {
    }

    public void Release() => Dispose(disposing: true);

    protected override void Dispose(bool disposing)
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _file.Dispose();
        }
    }

    private byte* Bytes => _isDisposed ? throw new ObjectDisposedException(nameof(SpooledPayload)) : _bytes;
}
