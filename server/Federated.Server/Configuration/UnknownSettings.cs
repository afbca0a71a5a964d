namespace Federated.Server.Configuration;

/// <summary>Finds settings of our sections that no options class knows, such as a misspelt one on the command line.</summary>
internal static class UnknownSettings
{
    private static readonly string[] HostKeys = ["Logging", "Kestrel", "environment", "urls", "contentRoot", "applicationName", "AllowedHosts"];

    public static IEnumerable<string> Find(IConfiguration configuration, IEnumerable<string> arguments)
    {
        var known = ConfigurationCatalogue.Settings.Select(setting => setting.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var inSections = ConfigurationCatalogue.Groups
            .SelectMany(group => configuration.GetSection(group.Section).AsEnumerable())
            .Where(pair => pair.Value is not null)
            .Select(pair => pair.Key);
        var onCommandLine = arguments
            .Where(argument => argument.StartsWith("--", StringComparison.Ordinal))
            .Select(argument => argument[2..].Split('=', 2)[0]);
        return inSections.Concat(onCommandLine)
            .Where(key => !known.Contains(key) && !IsHostKey(key))
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Select(key => $"{key} is not a setting of the server; --help lists them.");
    }

    private static bool IsHostKey(string key)
    {
        return HostKeys.Contains(key.Split(':')[0], StringComparer.OrdinalIgnoreCase);
    }
}
