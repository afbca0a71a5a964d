using Federated.Aggregator.Hosting;
using Federated.Aggregator.Hosting.Settings;
using Federated.Server.Configuration;
using Federated.Server.Devices;
using Federated.Server.Rest;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Options;
using Scalar.AspNetCore;

namespace Federated.Server.Hosting;

/// <summary>Composes the server.</summary>
internal static class FederatedServer
{
    private static readonly Dictionary<string, string?> DefaultLogLevels = new()
    {
        ["Logging:LogLevel:Default"] = "Information",
        ["Logging:LogLevel:Microsoft"] = "Warning",
        ["Logging:LogLevel:Grpc"] = "Warning",
    };

    /// <param name="arguments">The command line.</param>
    /// <param name="adjust">Tests replace services through it.</param>
    public static WebApplication Build(string[] arguments, Action<WebApplicationBuilder>? adjust = null)
    {
        var builder = WebApplication.CreateBuilder([SettingsCatalogue.ReadOnce, .. arguments]);
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = DefaultLogLevels });
        if (ConfigurationCatalogue.Catalogue.FindUnknown(builder.Configuration, arguments) is { Count: > 0 } unknown)
        {
            throw new OptionsValidationException("settings", typeof(ConfigurationCatalogue), unknown);
        }

        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddServerOptions();
        builder.Services.AddHostedService<ServerPreparation>();
        builder.Services.AddSingleton<DataDirectoryLock>();
        builder.Services.AddDatabase();
        builder.Services.AddRounds(builder.Configuration);
        builder.Services.AddDevices();
        builder.Services.AddAdministration();
        builder.Services.AddNodeTelemetry();
        builder.Services.ConfigureOptions<KestrelSetup>();
        adjust?.Invoke(builder);

        var app = builder.Build();

        // Now, and not when the host starts: by then constructors have read some options, and one error would hide the others.
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseDeviceEndpointGuard();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGrpcService<IdentityService>();
        app.MapGrpcService<CoordinatorService>();
        app.MapGrpcService<ModelStoreService>();
        app.MapGrpcService<ScalarExchangeService>();
        app.MapTier();
        app.MapRestApi();
        app.MapHealth();
        app.MapNodeTelemetry();
        app.MapOpenApi();
        if (app.Environment.IsDevelopment())
        {
            app.MapScalarApiReference();
        }

        return app;
    }
}
