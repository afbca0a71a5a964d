using System.Runtime.InteropServices;

namespace Federated.Storage.Files;

/// <summary>
/// Makes the names in a directory survive a power failure: a renamed file is durable only when its directory is.
/// .NET cannot open directories, hence the three calls of the C library. Elsewhere than on Linux it does nothing.
/// </summary>
internal static partial class DurableDirectory
{
    private const int ReadOnlyCloseOnExec = 0x80000;

    public static void Flush(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var descriptor = Open(path, ReadOnlyCloseOnExec);
        if (descriptor < 0)
        {
            throw Failed("open", path);
        }

        try
        {
            if (FSync(descriptor) != 0)
            {
                throw Failed("flush", path);
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Failed(string what, string path) =>
        new($"Cannot {what} the directory {path}: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int FSync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Close(int descriptor);
}
