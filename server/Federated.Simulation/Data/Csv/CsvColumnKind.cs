namespace Federated.Simulation.Data.Csv;

/// <summary>What a column is used for.</summary>
internal enum CsvColumnKind
{
    Number,
    Category,
    Label,
    Group,
    Ignored,
}
