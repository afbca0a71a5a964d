namespace Federated.Server.Configuration;

/// <summary>Marks a setting whose value is never logged.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class SecretAttribute : Attribute;
