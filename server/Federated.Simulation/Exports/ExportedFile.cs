namespace Federated.Simulation.Exports;

/// <summary>A file that was written.</summary>
/// <param name="Format">Its format.</param>
/// <param name="Path">Where it is.</param>
/// <param name="Bytes">Its size.</param>
public sealed record ExportedFile(ExportFormat Format, string Path, long Bytes);
