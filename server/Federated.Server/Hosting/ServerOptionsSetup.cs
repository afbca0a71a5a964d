using Federated.Server.Administration;
using Federated.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Federated.Server.Hosting;

/// <summary>Binds and validates the settings.</summary>
internal static class ServerOptionsSetup
{
    public static void AddServerOptions(this IServiceCollection services)
    {
        services.Add<DataOptions>(DataOptions.Section);
        services.Add<DatabaseOptions>(DatabaseOptions.Section);
        services.Add<EndpointOptions>(EndpointOptions.Section);
        services.Add<AdministrationOptions>(AdministrationOptions.Section);
        services.Add<DeviceIdentityOptions>(DeviceIdentityOptions.Section);
        services.AddSingleton<IValidateOptions<AdministrationOptions>, AdministratorKeyRequired>();
    }

    private static void Add<TOptions>(this IServiceCollection services, string section)
        where TOptions : class
    {
        services.AddOptions<TOptions>().BindConfiguration(section).ValidateDataAnnotations().ValidateOnStart();
    }
}
