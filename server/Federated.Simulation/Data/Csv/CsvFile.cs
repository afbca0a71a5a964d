namespace Federated.Simulation.Data.Csv;

/// <summary>A file of the data set and its layout.</summary>
/// <param name="Path">The file.</param>
/// <param name="Layout">Its layout.</param>
/// <param name="Site">The site that its lines belong to; null when it is none.</param>
/// <param name="IsTest">Whether it holds the data set's own test part.</param>
internal sealed record CsvFile(string Path, CsvLayout Layout, string? Site, bool IsTest);
