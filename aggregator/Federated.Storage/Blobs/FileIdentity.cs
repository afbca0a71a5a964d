using Microsoft.Win32.SafeHandles;

namespace Federated.Storage.Blobs;

/// <summary>Tells whether a file is still the one that was verified: blobs are replaced whole, never edited.</summary>
internal readonly record struct FileIdentity(long Length, DateTime WrittenAtUtc)
{
    public static FileIdentity Of(SafeFileHandle file) =>
        new(RandomAccess.GetLength(file), File.GetLastWriteTimeUtc(file));

    /// <summary>Null when there is no such file.</summary>
    public static FileIdentity? Of(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new FileIdentity(file.Length, file.LastWriteTimeUtc) : null;
    }
}
