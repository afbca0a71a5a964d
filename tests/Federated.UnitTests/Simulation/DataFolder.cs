using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Federated.UnitTests.Simulation;

/// <summary>A folder of data files that lasts as long as its test.</summary>
internal sealed class DataFolder : IDisposable
{
    public DataFolder() => Root = Directory.CreateTempSubdirectory("federated-data-").FullName;

    public string Root { get; }

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(Root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        if (name.EndsWith(".gz", StringComparison.Ordinal))
        {
            using var zip = new GZipStream(File.Create(path), CompressionLevel.Fastest);
            zip.Write(bytes);
        }
        else
        {
            File.WriteAllBytes(path, bytes);
        }

        return path;
    }

    public static byte[] Idx(byte type, int[] dimensions, byte[] elements)
    {
        byte[] file = new byte[4 + (4 * dimensions.Length) + elements.Length];
        file[2] = type;
        file[3] = (byte)dimensions.Length;
        for (int i = 0; i < dimensions.Length; i++)
        {
            BinaryPrimitives.WriteInt32BigEndian(file.AsSpan(4 + (4 * i)), dimensions[i]);
        }

        elements.CopyTo(file, 4 + (4 * dimensions.Length));
        return file;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
