using System.IO.Compression;

namespace Federated.Simulation.Data;

/// <summary>Opens a file of a data set. Compression is told from the content, not from the name.</summary>
internal static class DataFile
{
    private const int BufferBytes = 1 << 16;

    public static Stream Open(string path)
    {
        try
        {
            var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
            Span<byte> magic = stackalloc byte[2];
            int read = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
            file.Position = 0;
            return read == 2 && magic[0] == 0x1F && magic[1] == 0x8B
                ? new BufferedStream(new GZipStream(file, CompressionMode.Decompress), BufferBytes)
                : file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SimulationException($"{path}: cannot be opened: {exception.Message}", exception);
        }
    }

    /// <summary>The name without <c>.gz</c> and without the extension before it.</summary>
    public static string Stem(string path) => Path.GetFileNameWithoutExtension(WithoutGz(path));

    public static string WithoutGz(string path) =>
        path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? path[..^3] : path;
}
