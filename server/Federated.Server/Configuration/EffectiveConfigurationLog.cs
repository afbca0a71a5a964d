namespace Federated.Server.Configuration;

/// <summary>Logs what the server runs with, secrets left out.</summary>
internal static partial class EffectiveConfigurationLog
{
    public static void Write(IConfiguration configuration, ILogger logger)
    {
        var lines = ConfigurationCatalogue.EffectiveValues(configuration).Select(pair => $"{pair.Setting.Key} = {pair.Value}");
        Settings(logger, string.Join(Environment.NewLine, lines));
    }

    [LoggerMessage(1001, LogLevel.Information, "Settings in effect:\n{Settings}", EventName = "EffectiveSettings")]
    private static partial void Settings(ILogger logger, string settings);
}
