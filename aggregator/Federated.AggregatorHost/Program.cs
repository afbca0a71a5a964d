using Federated.Aggregator.Hosting.Settings;
using Federated.AggregatorHost;

if (SettingsCatalogue.AsksForHelp(args))
{
    Console.Write(HostCatalogue.Help);
    return 0;
}

try
{
    await using WebApplication app = NodeHost.Build(args);
    await app.StartAsync();
    Console.WriteLine(NodeHost.BannerOf(app));
    await app.WaitForShutdownAsync();
    return 0;
}
catch (Exception exception) when (StartupErrors.Explain(exception) is { } errors)
{
    foreach (string error in errors)
    {
        await Console.Error.WriteLineAsync("error: " + error);
    }

    return 1;
}
