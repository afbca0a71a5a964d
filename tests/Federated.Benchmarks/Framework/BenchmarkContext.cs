namespace Federated.Benchmarks.Framework;

/// <summary>Where a benchmark puts its figures. Bounds are judged here, once, so that all benchmarks judge alike.</summary>
internal sealed class BenchmarkContext(CancellationToken cancellationToken, string? dataFolder = null)
{
    private readonly List<Figure> _figures = [];

    public IReadOnlyList<Figure> Figures => _figures;

    public CancellationToken CancellationToken { get; } = cancellationToken;

    /// <summary>A file of real data below the folder that the command line names; null when there is none, and the benchmark makes data of the same shape.</summary>
    public string? FileOf(params string[] path)
    {
        string? file = dataFolder is null ? null : Path.Combine([dataFolder, .. path]);
        return File.Exists(file) ? file : null;
    }

    /// <summary>Adds a number without a goal.</summary>
    public void Tell(string name, double value, string unit) => _figures.Add(new Figure(name, value, null, null, unit));

    /// <summary>Adds a number that must not be below its goal.</summary>
    public void AtLeast(string name, double value, double goal, string unit = "ratio") =>
        _figures.Add(new Figure(name, value, goal, value >= goal, unit));

    /// <summary>Adds a number that must not be above its goal.</summary>
    public void AtMost(string name, double value, double goal, string unit = "ratio") =>
        _figures.Add(new Figure(name, value, goal, value <= goal, unit));
}
