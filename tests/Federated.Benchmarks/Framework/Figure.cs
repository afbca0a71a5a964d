namespace Federated.Benchmarks.Framework;

/// <summary>One measured number.</summary>
/// <param name="Name">Benchmark and quantity, for example <c>mean.readBandwidthRatio</c>.</param>
/// <param name="Value">The number.</param>
/// <param name="Goal">The bound it has to keep, or null when the number is only told.</param>
/// <param name="Met">Whether the bound is kept, or null without a goal.</param>
/// <param name="Unit">Its unit; <c>ratio</c> for quotients.</param>
internal sealed record Figure(string Name, double Value, double? Goal, bool? Met, string Unit);
