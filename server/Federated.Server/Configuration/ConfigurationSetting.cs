namespace Federated.Server.Configuration;

/// <summary>One setting as documentation, help and log know it.</summary>
internal sealed record ConfigurationSetting(string Key, string TypeName, string Default, string Description, bool IsSecret);
