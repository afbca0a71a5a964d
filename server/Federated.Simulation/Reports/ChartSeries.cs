namespace Federated.Simulation.Reports;

/// <summary>A line of a chart.</summary>
/// <param name="Name">For the legend.</param>
/// <param name="Points">In ascending x.</param>
internal sealed record ChartSeries(string Name, IReadOnlyList<(double X, double Y)> Points);
