using System.Net;
using Federated.Aggregator.Events;
using Federated.Aggregator.Hosting.Dapr;
using Federated.Aggregator.Hosting.State;
using Federated.DaprSidecar;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Federated.FunctionalTests.Dapr;

/// <summary>An app of the tier with nothing but the event bus and the shared state.</summary>
internal sealed class BusApp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private BusApp(WebApplication app)
    {
        _app = app;
    }

    public Uri Address => new(_app.Urls.First());

    public IEventBus Bus => _app.Services.GetRequiredService<IEventBus>();

    public ITierState State => _app.Services.GetRequiredService<ITierState>();

    public NodeRegistry Registry => new(State);

    /// <param name="sidecar">Where its sidecar will listen.</param>
    /// <param name="events">What it subscribes to.</param>
    public static async Task<BusApp> StartAsync(SidecarApp sidecar, IEnumerable<Type> events)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders();
        builder.Configuration["Dapr:HttpEndpoint"] = $"http://127.0.0.1:{sidecar.HttpPort}";
        builder.Configuration["Dapr:GrpcEndpoint"] = $"http://127.0.0.1:{sidecar.GrpcPort}";
        builder.Services.TryAddSingleton<IEventBus, InProcessEventBus>();
        builder.Services.TryAddSingleton<ITierState, InProcessTierState>();
        builder.Services.AddDaprTier(builder.Configuration.GetSection(DaprOptions.SectionName));
        WebApplication app = builder.Build();
        app.UseCloudEvents();
        app.MapDaprTier(events);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new BusApp(app);
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
