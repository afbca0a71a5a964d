using Federated.Aggregator.Hosting;
using Federated.Server.Devices;
using Federated.Server.Identity;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;
using Microsoft.Extensions.Options;

namespace Federated.Server.Hosting;

/// <summary>The gRPC interface: identity of devices and their calls.</summary>
internal static class DeviceSetup
{
    public static void AddDevices(this IServiceCollection services)
    {
        services.AddSingleton<ServerKeys>();
        services.AddSingleton<ChallengeIssuer>();
        services.AddSingleton<AccessTokenIssuer>();
        services.AddSingleton<RevokedDevices>();
        services.AddSingleton<EnrolmentTokens>();
        services.AddSingleton<DeviceEnrolment>();
        services.AddSingleton<DeviceAuthentication>();
        services.AddSingleton<SdkVersions>();
        services.AddSingleton<IConfigureOptions<JwtBearerOptions>, DeviceTokenValidation>();
        services.AddSingleton<IAuthorizationHandler, ActiveDeviceHandler>();
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, DeviceAuthorizationResults>();
        services.AddAuthentication().AddJwtBearer(DeviceTokenValidation.Scheme);
        services.AddAuthorizationBuilder().AddPolicy(DevicePolicy.Name, policy => policy
            .AddAuthenticationSchemes(DeviceTokenValidation.Scheme)
            .RequireAuthenticatedUser()
            .AddRequirements(new ActiveDeviceRequirement()));
        services.AddGrpc();
    }
}
