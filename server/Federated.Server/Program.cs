using Federated.Aggregator.Hosting.Settings;
using Federated.Server.Configuration;
using Federated.Server.Hosting;

if (SettingsCatalogue.AsksForHelp(args))
{
    Console.Write(ConfigurationCatalogue.Help);
    return 0;
}

try
{
    await using var app = FederatedServer.Build(args);
    await app.StartAsync();
    Console.WriteLine(ListeningAddresses.Of(app.Services).Banner);
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception exception) when (StartupErrors.Explain(exception) is { } errors)
{
    foreach (var error in errors)
    {
        await Console.Error.WriteLineAsync("error: " + error);
    }

    return 1;
}
