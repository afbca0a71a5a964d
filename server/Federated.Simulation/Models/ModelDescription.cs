namespace Federated.Simulation.Models;

/// <summary>A line of the zoo's listing.</summary>
/// <param name="Name">What <c>--model</c> takes.</param>
/// <param name="Summary">Layers and source.</param>
/// <param name="Options">The options that it heeds; empty for none.</param>
/// <param name="HasWidths">Whether the name takes a number of channels behind a colon.</param>
public sealed record ModelDescription(string Name, string Summary, string Options, bool HasWidths = false);
