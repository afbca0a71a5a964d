namespace Federated.Simulation.Data.Csv;

/// <summary>The last pass over the files: fills the matrix, the labels and the groups.</summary>
internal sealed class CsvFill
{
    private readonly CsvScan _scan;
    private readonly LabelSpec _label;
    private readonly MissingSpec? _missing;
    private readonly ClassLabels? _classes;
    private readonly Dictionary<string, int> _groupCodes = new(StringComparer.Ordinal);
    private readonly int[]? _groups;
    private readonly string _groupKind;
    private int _row;

    public CsvFill(CsvScan scan, LabelSpec label, MissingSpec? missing, IReadOnlyList<CsvFile> files)
    {
        _scan = scan;
        _label = label;
        _missing = missing;
        _classes = label.Operator is null ? new ClassLabels(scan.Label.Distinct, $"{files[0].Path}, {scan.Label.Described}") : null;
        Features = new float[scan.Rows * scan.FeatureCount];
        Labels = new int[scan.Rows];
        bool sites = scan.Group is null && files[0].Site is not null;
        _groups = scan.Group is not null || sites ? new int[scan.Rows] : null;
        _groupKind = sites ? "site" : $"column:{scan.Group?.Name}";
        IEnumerable<string> names = sites ? files.Select(file => file.Site!) : scan.Group?.Distinct.Order(StringComparer.Ordinal) ?? Enumerable.Empty<string>();
        foreach (string name in names)
        {
            _groupCodes.TryAdd(name, _groupCodes.Count);
        }
    }

    public float[] Features { get; }

    public int[] Labels { get; }

    public IReadOnlyList<string> ClassNames => _classes?.Names ?? _label.ThresholdClasses;

    public ExampleGroups? Groups => _groups is null ? null : new ExampleGroups(_groupKind, [.. _groupCodes.Keys], _groups);

    public IReadOnlyList<string> FeatureNames => [.. _scan.Columns.SelectMany(column => column.Kind switch
    {
        CsvColumnKind.Number => [column.Name],
        CsvColumnKind.Category => column.Categories!.Keys.Select(value => $"{column.Name}={value}"),
        _ => Enumerable.Empty<string>(),
    })];

    public IReadOnlySet<int> Indicators => _scan.Columns.Where(column => column.Kind == CsvColumnKind.Category)
        .SelectMany(column => Enumerable.Range(column.FirstFeature, column.Categories!.Count)).ToHashSet();

    public void Add(CsvFile file, TextLines lines, CsvCells cells)
    {
        if (_missing is { DropRows: true } && AnyMissing(cells))
        {
            return;
        }

        Span<float> features = Features.AsSpan(_row * _scan.FeatureCount, _scan.FeatureCount);
        for (int i = 0; i < _scan.Columns.Length; i++)
        {
            CsvColumn column = _scan.Columns[i];
            ReadOnlySpan<char> cell = cells.Cell(i);
            switch (column.Kind)
            {
                case CsvColumnKind.Label:
                    Labels[_row] = ClassOf(cell, lines);
                    break;
                case CsvColumnKind.Group:
                    _groups![_row] = _groupCodes.GetAlternateLookup<ReadOnlySpan<char>>()[cell];
                    break;
                case CsvColumnKind.Number:
                    features[column.FirstFeature] = IsMissing(cell) ? float.NaN : CsvCell.TryNumber(cell, out double value) ? (float)value : float.NaN;
                    break;
                case CsvColumnKind.Category when !IsMissing(cell):
                    features[column.FirstFeature + column.Categories!.GetAlternateLookup<ReadOnlySpan<char>>()[cell]] = 1;
                    break;
                default:
                    break;
            }
        }

        if (_scan.Group is null && _groups is not null)
        {
            _groups[_row] = _groupCodes[file.Site!];
        }

        _row++;
    }

    private int ClassOf(ReadOnlySpan<char> cell, TextLines lines)
    {
        if (_classes is not null)
        {
            return _classes.Codes[cell];
        }

        return CsvCell.TryNumber(cell, out double value)
            ? _label.ClassOf(value)
            : throw lines.Error($"the label '{cell}' in {_scan.Label.Described} is no number, which its threshold needs.");
    }

    private bool IsMissing(ReadOnlySpan<char> cell) => _missing is not null && cell.SequenceEqual(_missing.Token);

    private bool AnyMissing(CsvCells cells)
    {
        for (int i = 0; i < _scan.Columns.Length; i++)
        {
            if (_scan.Columns[i].Kind != CsvColumnKind.Ignored && IsMissing(cells.Cell(i)))
            {
                return true;
            }
        }

        return false;
    }
}
