using System.Text;

namespace Federated.Simulation.Data.Text;

/// <summary>Reads a whole file of UTF-8 text.</summary>
internal static class TextFile
{
    public static string Read(string path)
    {
        using Stream stream = DataFile.Open(path);
        using var buffer = new MemoryStream();
        try
        {
            stream.CopyTo(buffer);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw SimulationException.AtByte(path, buffer.Length, $"the compressed file is damaged or cut short: {exception.Message}");
        }

        ReadOnlySpan<byte> bytes = buffer.GetBuffer().AsSpan(0, (int)buffer.Length);
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
        {
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        }

        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes).ReplaceLineEndings("\n");
        }
        catch (DecoderFallbackException exception)
        {
            throw SimulationException.AtByte(path, exception.Index, "expected UTF-8 text, found bytes that are none; is this a text file?");
        }
    }
}
