namespace Federated.Simulation.Data.Csv;

/// <summary>
/// The first passes over the files: counts numbers and texts of every column, decides what the column is, and lists the categories. Nothing but the
/// columns is kept, so that a file of any length takes the memory of its final matrix only.
/// </summary>
internal sealed class CsvScan
{
    private const int MaxCategories = 64;
    private const int MaxGroups = 1_000_000;

    private readonly IReadOnlyList<CsvFile> _files;
    private readonly MissingSpec? _missing;

    public CsvScan(IReadOnlyList<CsvFile> files, DatasetRequest request, MissingSpec? missing, LabelSpec label)
    {
        _files = files;
        _missing = missing;
        CsvLayout layout = files[0].Layout;
        Columns = [.. Enumerable.Range(1, layout.Columns).Select(number =>
            new CsvColumn(layout.Names?[number - 1] ?? number.ToString(System.Globalization.CultureInfo.InvariantCulture), number))];
        Label = label.Column == "last" && layout.Names?.Contains("last") != true ? Columns[^1] : Find(label.Column, "label");
        Label.Kind = CsvColumnKind.Label;
        if (request.GroupColumn is { } name)
        {
            Group = Find(name, "partition column");
            Group.Kind = Group.Kind == CsvColumnKind.Number ? CsvColumnKind.Group : throw new SimulationException($"{Group.Described} cannot be both the label and the partition.");
        }

        foreach (string ignored in request.Ignore)
        {
            CsvColumn column = Find(ignored, "ignore");
            column.Kind = column.Kind == CsvColumnKind.Number ? CsvColumnKind.Ignored : throw new SimulationException($"{column.Described} cannot be ignored: it is the label or the partition.");
        }

        CountCells();
        Decide();
    }

    public CsvColumn[] Columns { get; }

    public CsvColumn Label { get; }

    public CsvColumn? Group { get; }

    /// <summary>Rows that are kept.</summary>
    public int Rows { get; private set; }

    /// <summary>Of these, rows of the training part.</summary>
    public int TrainRows { get; private set; }

    public int DroppedRows { get; private set; }

    public int FeatureCount { get; private set; }

    private string FirstPath => _files[0].Path;

    private CsvColumn Find(string name, string use)
    {
        CsvColumn? byName = Columns.FirstOrDefault(column => _files[0].Layout.Names is not null && column.Name == name);
        if (byName is not null)
        {
            return byName;
        }

        return int.TryParse(name, out int number) && number >= 1 && number <= Columns.Length
            ? Columns[number - 1]
            : throw new SimulationException(
                $"{FirstPath}: {use} '{name}' is no column; the file has {(_files[0].Layout.Names is { } names ? $"the columns {string.Join(", ", names.Take(40))}" : $"columns 1 to {Columns.Length} and no header")}.");
    }

    private void CountCells()
    {
        CsvRows.ForEach(_files, Columns.Length, (file, lines, cells) =>
        {
            bool missing = false;
            for (int i = 0; i < Columns.Length; i++)
            {
                CsvColumn column = Columns[i];
                ReadOnlySpan<char> cell = cells.Cell(i);
                if (column.Kind == CsvColumnKind.Ignored)
                {
                    continue;
                }

                if (_missing is { } spec && cell.SequenceEqual(spec.Token))
                {
                    missing = true;
                    RequireDrop(column, spec, lines);
                }
                else if (cell.IsEmpty)
                {
                    throw lines.Error($"{column.Described} is empty; say what to do with missing values, for example --missing \":median\".");
                }
                else if (column.Kind != CsvColumnKind.Number)
                {
                    column.AddDistinct(cell, column.Kind == CsvColumnKind.Label ? ClassLabels.MaxClasses : MaxGroups);
                }
                else if (CsvCell.TryNumber(cell, out _))
                {
                    column.Numbers++;
                }
                else
                {
                    column.AddText(file.Path, lines.Number, cell);
                }
            }

            if (missing && _missing!.DropRows)
            {
                DroppedRows++;
                return;
            }

            Rows++;
            TrainRows += file.IsTest ? 0 : 1;
        });
        if (TrainRows == 0)
        {
            throw new SimulationException($"{FirstPath}: no examples{(DroppedRows > 0 ? $": all {DroppedRows} lines miss a value" : "")}.");
        }
    }

    private static void RequireDrop(CsvColumn column, MissingSpec missing, TextLines lines)
    {
        if (column.Kind is CsvColumnKind.Label or CsvColumnKind.Group && !missing.DropRows)
        {
            throw lines.Error($"the {column.Kind.ToString().ToLowerInvariant()} in {column.Described} is missing; leave such lines out with --missing \"{missing.Token}:drop\".");
        }
    }

    private void Decide()
    {
        foreach (CsvColumn column in Columns.Where(column => column is { Kind: CsvColumnKind.Number, Texts: > 0 }))
        {
            if (column.Numbers >= column.Texts)
            {
                (string file, long line, string value) = column.FirstText!.Value;
                throw SimulationException.AtLine(
                    file, line, $"{column.Described}: expected a finite number, found '{value}'. If it stands for a missing value: --missing \"{value}:median\".");
            }

            column.Kind = CsvColumnKind.Category;
        }

        CsvColumn[] categories = [.. Columns.Where(column => column.Kind == CsvColumnKind.Category)];
        if (categories.Length > 0)
        {
            CsvRows.ForEach(_files, Columns.Length, (_, _, cells) =>
            {
                foreach (CsvColumn column in categories)
                {
                    ReadOnlySpan<char> cell = cells.Cell(column.Number - 1);
                    if (_missing is null || !cell.SequenceEqual(_missing.Token))
                    {
                        column.AddDistinct(cell, MaxCategories);
                    }
                }
            });
        }

        foreach (CsvColumn column in Columns)
        {
            NumberFeatures(column);
        }

        if (FeatureCount == 0)
        {
            throw new SimulationException($"{FirstPath}: no feature columns are left beside the label.");
        }
    }

    private void NumberFeatures(CsvColumn column)
    {
        if (column.Kind == CsvColumnKind.Category)
        {
            if (column.Distinct.Count > MaxCategories)
            {
                (string file, long line, string value) = column.FirstText!.Value;
                throw SimulationException.AtLine(
                    file, line, $"{column.Described} holds text ('{value}') with more than {MaxCategories} distinct values, too many for one feature each; leave it out with --ignore \"{column.Name}\".");
            }

            string[] ordered = [.. column.Distinct.Order(StringComparer.Ordinal)];
            column.Categories = Enumerable.Range(0, ordered.Length).ToDictionary(i => ordered[i], i => i, StringComparer.Ordinal);
            column.FirstFeature = FeatureCount;
            FeatureCount += ordered.Length;
        }
        else if (column.Kind == CsvColumnKind.Number)
        {
            column.FirstFeature = FeatureCount++;
        }
    }
}
