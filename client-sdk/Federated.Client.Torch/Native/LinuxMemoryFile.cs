using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Federated.Client.Torch.Native;

/// <summary>An anonymous file of the Linux kernel: a library can be loaded from it where no folder is writable.</summary>
internal sealed partial class LinuxMemoryFile : IDisposable
{
    private readonly SafeFileHandle _handle;

    private LinuxMemoryFile(SafeFileHandle handle) => _handle = handle;

    /// <summary>The path under which this process can open the file.</summary>
    public string Path => $"/proc/self/fd/{_handle.DangerousGetHandle()}";

    /// <summary>Creates a file with the given content, or returns null where the kernel refuses.</summary>
    public static LinuxMemoryFile? TryCreate(string name, ReadOnlySpan<byte> content)
    {
        int descriptor = CreateMemoryFile(name, flags: 1);
        if (descriptor < 0)
        {
            return null;
        }

        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        RandomAccess.Write(handle, content, fileOffset: 0);
        return new LinuxMemoryFile(handle);
    }

    /// <inheritdoc />
    public void Dispose() => _handle.Dispose();

    // Flag 1 is MFD_CLOEXEC. The mapping that the loader makes outlives the descriptor.
    [LibraryImport("libc", EntryPoint = "memfd_create", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int CreateMemoryFile(string name, uint flags);
}
