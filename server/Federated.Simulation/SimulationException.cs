namespace Federated.Simulation;

/// <summary>
/// Something that the user of a simulation can put right: an unreadable file, an impossible partition, settings out of range. The message says
/// what was found, what was expected and what to do.
/// </summary>
public sealed class SimulationException : Exception
{
    public SimulationException(string message)
        : base(message)
    {
    }

    public SimulationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public SimulationException()
    {
    }

    /// <summary>A text file that breaks its format.</summary>
    internal static SimulationException AtLine(string file, long line, string problem) => new($"{file}, line {line}: {problem}");

    /// <summary>A binary file that breaks its format. Offsets of compressed files count the uncompressed bytes.</summary>
    internal static SimulationException AtByte(string file, long offset, string problem) => new($"{file}, byte {offset}: {problem}");
}
