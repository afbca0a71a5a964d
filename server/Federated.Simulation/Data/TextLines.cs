using System.Text;

namespace Federated.Simulation.Data;

/// <summary>The lines of a UTF-8 text file with their numbers, from 1.</summary>
internal sealed class TextLines : IDisposable
{
    private readonly StreamReader _reader;

    public TextLines(string path)
    {
        Path = path;
        _reader = new StreamReader(DataFile.Open(path), new UTF8Encoding(false, throwOnInvalidBytes: true));
    }

    public string Path { get; }

    public long Number { get; private set; }

    public string Current { get; private set; } = "";

    public bool Read()
    {
        try
        {
            if (_reader.ReadLine() is not { } line)
            {
                return false;
            }

            Number++;
            Current = line;
            return true;
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException)
        {
            throw SimulationException.AtLine(Path, Number + 1, $"the compressed file is damaged or cut short: {exception.Message}");
        }
        catch (DecoderFallbackException)
        {
            throw SimulationException.AtLine(Path, Number + 1, "expected UTF-8 text, found bytes that are none; is this a text file?");
        }
    }

    public SimulationException Error(string problem) => SimulationException.AtLine(Path, Number, problem);

    public void Dispose() => _reader.Dispose();
}
