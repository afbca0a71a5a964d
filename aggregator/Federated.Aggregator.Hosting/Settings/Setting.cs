namespace Federated.Aggregator.Hosting.Settings;

/// <summary>One setting as documentation, help and log know it.</summary>
public sealed record Setting(string Key, string TypeName, string Default, string Description, bool IsSecret);
