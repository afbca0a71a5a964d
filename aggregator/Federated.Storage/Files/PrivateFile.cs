namespace Federated.Storage.Files;

/// <summary>Opens files that only this user may read (mode 0600 where there are modes).</summary>
internal static class PrivateFile
{
    public static FileStream Open(
        string path, FileMode mode, FileShare share, long preallocate = 0, FileOptions hints = FileOptions.None, int buffer = 0)
    {
        var options = new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = share,
            PreallocationSize = preallocate,
            Options = hints,
            BufferSize = buffer,
        };
        if (mode != FileMode.Open && !OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }

    public static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
            return;
        }

        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
