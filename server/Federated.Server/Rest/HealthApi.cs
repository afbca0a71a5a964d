using Federated.Server.Database;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Federated.Server.Rest;

/// <summary>Probes for orchestrators; open to everybody and silent about details.</summary>
internal static class HealthApi
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        var group = endpoints.MapGroup("/health").WithTags("Health");
        group.MapGet("/live", () => TypedResults.Ok(new Health("live"))).WithSummary("The process answers.");
        group.MapGet("/ready", ReadyAsync)
            .WithSummary("The server takes work: its database answers and it is not shutting down.")
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
    }

    private static async Task<Results<Ok<Health>, ProblemHttpResult>> ReadyAsync(
        ServerContext context, IHostApplicationLifetime lifetime, CancellationToken cancellationToken)
    {
        if (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return TypedResults.Problem("The server is shutting down.", statusCode: StatusCodes.Status503ServiceUnavailable);
        }

        return await context.Database.CanConnectAsync(cancellationToken)
            ? TypedResults.Ok(new Health("ready"))
            : TypedResults.Problem("The database does not answer.", statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>The answer of a probe.</summary>
    internal sealed record Health(string Status);
}
