namespace Federated.Aggregator.Hosting.Settings;

/// <summary>Marks a setting whose value is never logged.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SecretAttribute : Attribute;
