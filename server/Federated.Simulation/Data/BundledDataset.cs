namespace Federated.Simulation.Data;

/// <summary>A data set that comes with the application.</summary>
/// <param name="Name">What <c>--dataset</c> calls it.</param>
/// <param name="Description">What it is, its size, its licence.</param>
/// <param name="Request">How it is read; its source is relative to the application's folder <c>data</c>.</param>
public sealed record BundledDataset(string Name, string Description, DatasetRequest Request);
