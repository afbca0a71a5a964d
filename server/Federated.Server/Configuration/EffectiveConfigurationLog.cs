namespace Federated.Server.Configuration;

/// <summary>Logs what the server runs with, secrets left out.</summary>
internal static partial class EffectiveConfigurationLog
{
    public static void Write(IConfiguration configuration, ILogger logger)
    {
        foreach (var (setting, value) in ConfigurationCatalogue.EffectiveValues(configuration))
        {
            Setting(logger, setting.Key, value);
        }
    }

    [LoggerMessage(1001, LogLevel.Information, "{Key} = {Value}", EventName = "EffectiveSetting")]
    private static partial void Setting(ILogger logger, string key, string value);
}
