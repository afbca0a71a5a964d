using System.Diagnostics;
using System.Net;
using Federated.DaprSidecar.Api;
using Federated.DaprSidecar.Broker;
using Federated.DaprSidecar.Delivery;
using Federated.DaprSidecar.Faults;
using Federated.DaprSidecar.State;
using Grpc.AspNetCore.Server.Model;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Federated.DaprSidecar;

/// <summary>
/// A stand-in for Dapr's sidecar: one host a app, all over the same broker and state store, so that one process serves all the apps of
/// a machine. The unmodified Dapr SDK talks to it.
/// </summary>
public sealed class DevelopmentSidecar : IAsyncDisposable
{
    private readonly List<WebApplication> _hosts = [];
    private readonly List<SidecarEndpoint> _endpoints = [];
    private readonly ILoggerFactory _loggers;
    private ConnectionMultiplexer? _redis;

    private DevelopmentSidecar(SidecarOptions options)
    {
        _loggers = LoggerFactory.Create(logging => Configure(logging, options));
        Faults = new FaultInjector(TimeProvider.System, Process.GetCurrentProcess().Kill) { Settings = options.Faults };
    }

    /// <summary>Where the apps find their sidecars, in the order of the options.</summary>
    public IReadOnlyList<SidecarEndpoint> Endpoints => _endpoints;

    /// <summary>What goes wrong on purpose; may be changed at any time.</summary>
    public FaultInjector Faults { get; }

    /// <summary>Starts the sidecars; apps that do not listen yet are waited for in the background.</summary>
    /// <exception cref="IOException">A port is taken.</exception>
    public static async Task<DevelopmentSidecar> StartAsync(SidecarOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var sidecar = new DevelopmentSidecar(options);
        try
        {
            (IMessageBroker broker, IStateStore state) = await sidecar.OpenAsync(options);
            foreach (SidecarApp app in options.Apps)
            {
                WebApplication host = sidecar.Build(app, options, broker, state);
                sidecar._hosts.Add(host);
                await host.StartAsync(cancellationToken);
                string[] addresses = [.. host.Urls];
                sidecar._endpoints.Add(new SidecarEndpoint(app.Id, addresses[0], addresses[1]));
            }

            return sidecar;
        }
        catch
        {
            await sidecar.DisposeAsync();
            throw;
        }
    }

    /// <summary>Until every app was reached and its subscriptions are in force.</summary>
    public Task WaitUntilReadyAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_hosts.Select(host => host.Services.GetRequiredService<DeliveryService>().Ready)).WaitAsync(cancellationToken);

    /// <summary>Until the token ends or an app asks its sidecar to shut down.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) =>
        Task.WhenAny(_hosts.Select(host => host.WaitForShutdownAsync(cancellationToken)));

    /// <summary>Stops the sidecars; deliveries that run are cut.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (WebApplication host in _hosts)
        {
            await host.StopAsync();
            await host.DisposeAsync();
        }

        if (_redis is not null)
        {
            await _redis.DisposeAsync();
        }

        _loggers.Dispose();
    }

    private async Task<(IMessageBroker Broker, IStateStore State)> OpenAsync(SidecarOptions options)
    {
        if (options.Redis is not { } address)
        {
            return (new InMemoryBroker(TimeProvider.System, _loggers.CreateLogger<InMemoryBroker>()), new InMemoryStateStore());
        }

        _redis = await ConnectionMultiplexer.ConnectAsync(address);
        return (new RedisBroker(_redis, TimeProvider.System, _loggers.CreateLogger<RedisBroker>()), new RedisStateStore(_redis));
    }

    private WebApplication Build(SidecarApp app, SidecarOptions options, IMessageBroker broker, IStateStore state)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = options.MaxBodySize;
            kestrel.Listen(IPAddress.Loopback, app.HttpPort, listener => listener.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, app.GrpcPort, listener => listener.Protocols = HttpProtocols.Http2);
        });
        Configure(builder.Logging, options);
        builder.Services.AddSingleton(app);
        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton(broker);
        builder.Services.AddSingleton(state);
        builder.Services.AddSingleton(Faults);
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<PubSubApi>();
        builder.Services.AddSingleton<StateApi>();
        builder.Services.AddSingleton<DeliveryService>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<DeliveryService>());
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = options.MaxBodySize);
        builder.Services.AddSingleton<IServiceMethodProvider<DaprService>, DaprServiceMethods>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(2));

        WebApplication host = builder.Build();
        host.MapGrpcService<DaprService>();
        host.MapDaprHttp();
        return host;
    }

    private static void Configure(ILoggingBuilder logging, SidecarOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Federated", LogLevel.Information);
        if (options.LogToConsole)
        {
            logging.AddSimpleConsole(console => console.SingleLine = true);
        }
    }
}
