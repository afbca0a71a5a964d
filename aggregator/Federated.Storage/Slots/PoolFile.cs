using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using Federated.Storage.Files;

namespace Federated.Storage.Slots;

/// <summary>The mapped file: creates it whole or not at all, or checks the one that is there.</summary>
internal sealed unsafe class PoolFile : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _base;

    private PoolFile(FileStream stream, PoolLayout layout)
    {
        Layout = layout;
        _file = MemoryMappedFile.CreateFromFile(
            stream, null, layout.FileBytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, layout.FileBytes, MemoryMappedFileAccess.ReadWrite);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _base);
    }

    public PoolLayout Layout { get; }

    public ref PoolHeader Header => ref Unsafe.AsRef<PoolHeader>(_base);

    public ref SlotHeader Slot(int index) => ref Unsafe.AsRef<SlotHeader>(_base + PoolLayout.HeaderOffset(index));

    public SlotMemory Payload(int index, int length) => new(_base + Layout.PayloadOffset(index), length);

    /// <param name="path">The shared file.</param>
    /// <param name="layout">What the options ask for.</param>
    /// <param name="owner">Number of the caller: it alone writes the unfinished file of that number.</param>
    /// <param name="preTouch">Whether to touch every page now.</param>
    public static PoolFile Open(string path, PoolLayout layout, ushort owner, bool preTouch)
    {
        var file = File.Exists(path) ? OpenExisting(path, layout) : CreateOrJoin(path, layout, owner);
        if (preTouch)
        {
            Parallel.For(0, layout.SlotCount, index => file.Touch(index));
        }

        return file;
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    /// <summary>The file gets its name when it is complete, so no other process ever sees half of a header.</summary>
    private static PoolFile CreateOrJoin(string path, PoolLayout layout, ushort owner)
    {
        var unfinished = $"{path}.creating-{owner:d3}";
        var stream = PrivateFile.Open(
            unfinished, FileMode.Create, FileShare.ReadWrite | FileShare.Delete, layout.FileBytes);
        stream.SetLength(layout.FileBytes);
        var file = new PoolFile(stream, layout);
        file.Header = PoolHeader.Create(layout);
        for (var index = 0; index < layout.SlotCount; index++)
        {
            file.Slot(index).Magic = SlotHeader.ExpectedMagic;
            file.Slot(index).LayoutVersion = PoolLayout.Version;
        }

        try
        {
            File.Move(unfinished, path, overwrite: false);
            return file;
        }
        catch (IOException) when (File.Exists(path))
        {
            file.Dispose();
            File.Delete(unfinished);
            return OpenExisting(path, layout);
        }
    }

    private static PoolFile OpenExisting(string path, PoolLayout layout)
    {
        var stream = PrivateFile.Open(path, FileMode.Open, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            Check(stream, path, layout);
            return new PoolFile(stream, layout);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static void Check(FileStream stream, string path, PoolLayout layout)
    {
        var header = default(PoolHeader);
        var bytes = new Span<byte>(&header, PoolHeader.Bytes);
        if (stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
        {
            throw Mismatch(path, "file size", stream.Length, layout.FileBytes);
        }

        Expect(path, "magic", header.Magic.ToString("x16"), PoolHeader.ExpectedMagic.ToString("x16"));
        Expect(path, "layout version", header.LayoutVersion, PoolLayout.Version);
        Expect(path, "header seal", header.Seal.ToString("x16"), PoolHeader.ComputeSeal(in header).ToString("x16"));
        Expect(path, "slot header size", header.SlotHeaderBytes, (uint)SlotHeader.Bytes);
        Expect(path, "payload alignment", header.PayloadAlignment, PoolLayout.PageBytes);
        Expect(path, "slot count", header.SlotCount, layout.SlotCount);
        Expect(path, "slot size", header.SlotBytes, layout.SlotBytes);
        Expect(path, "file size", stream.Length, layout.FileBytes);
    }

    private static void Expect<T>(string path, string what, T found, T wanted)
    {
        if (!EqualityComparer<T>.Default.Equals(found, wanted))
        {
            throw Mismatch(path, what, found, wanted);
        }
    }

    private static InvalidDataException Mismatch<T>(string path, string what, T found, T wanted) => new(
        $"Slot pool {path}: {what} is {found}, this process expects {wanted}. Give every process of the node the same " +
        "settings, or stop them all and delete the folder (the updates in it will be asked for again).");

    /// <summary>An atomic "or 0" allocates and maps the page and changes nothing that another process writes.</summary>
    private void Touch(int index)
    {
        var payload = _base + Layout.PayloadOffset(index);
        for (long offset = 0; offset < Layout.PayloadStride; offset += PoolLayout.PageBytes)
        {
            Interlocked.Or(ref Unsafe.AsRef<int>(payload + offset), 0);
        }
    }
}
