namespace Federated.Aggregator.Hosting.Settings;

/// <summary>The settings of one options class.</summary>
/// <param name="Section">The configuration section that the class is bound to.</param>
/// <param name="Type">The class; a setting is a writable property.</param>
/// <param name="Only">Names of the settings that this program reads; null for all.</param>
public sealed record SettingsGroup(string Section, Type Type, IReadOnlyList<string>? Only = null);
