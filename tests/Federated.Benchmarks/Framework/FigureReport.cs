namespace Federated.Benchmarks.Framework;

/// <summary>The document that <c>--json</c> writes.</summary>
internal sealed record FigureReport(IReadOnlyList<Figure> Figures);
