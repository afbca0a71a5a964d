using System.Text;

namespace Federated.Server.Configuration;

/// <summary>What --help prints.</summary>
internal static class HelpText
{
    public static bool IsAskedFor(string[] arguments)
    {
        return arguments.Any(argument => argument is "--help" or "-h" or "-?" or "/?");
    }

    public static string Write()
    {
        var text = new StringBuilder();
        text.AppendLine("Federated.Server: coordinator of federated learning with an embedded aggregation node.");
        text.AppendLine();
        text.AppendLine("Usage: Federated.Server [--SECTION:NAME=VALUE ...]");
        text.AppendLine("Settings are also read from environment variables (SECTION__NAME) and from appsettings.json in the current folder.");
        text.AppendLine("Without any, it listens on http://localhost:5080 (REST) and http://localhost:5081 (gRPC) and keeps its data in ./data.");
        foreach (var setting in ConfigurationCatalogue.Settings)
        {
            text.AppendLine();
            text.AppendLine($"  --{setting.Key}={setting.Default}    {setting.TypeName}");
            text.AppendLine($"      {setting.Description}");
        }

        return text.ToString();
    }
}
