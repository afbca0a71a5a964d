namespace Federated.Aggregation.Accumulators;

/// <summary>The aggregate of all updates that an accumulator and those merged into it have seen.</summary>
/// <param name="Sections">In the order of the accumulator's sections.</param>
/// <param name="TotalWeight">Sum of the weights.</param>
/// <param name="Count">Number of updates.</param>
public sealed record AggregateReport(IReadOnlyList<SectionReport> Sections, double TotalWeight, long Count);
