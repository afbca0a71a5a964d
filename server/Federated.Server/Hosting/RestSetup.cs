using System.Text.Json;
using System.Text.Json.Serialization;
using Federated.Server.Administration;
using Federated.Server.Rest;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http.Json;

namespace Federated.Server.Hosting;

/// <summary>The REST interface: administrator key, JSON, problem details, OpenAPI.</summary>
internal static class RestSetup
{
    public static void AddAdministration(this IServiceCollection services)
    {
        services.AddSingleton<AdministratorKey>();
        services.AddSingleton<AuditLog>();
        services.AddSingleton<JobCreation>();
        services.AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, AdministratorKeyHandler>(AdministratorKeyHandler.AuthenticationScheme, null);
        services.AddExceptionHandler<MalformedRequestHandler>();
        services.AddProblemDetails();
        services.AddOpenApi("v1");
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.Configure<JsonOptions>(options =>
        {
            var json = options.SerializerOptions;
            json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
        });
    }
}
