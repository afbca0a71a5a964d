using System.Security.Claims;
using Federated.Server.Administration;
using Federated.Server.Configuration;
using Federated.Server.Database;
using Federated.Server.Database.Rows;
using Federated.Server.Identity;
using Federated.Server.Rest.Contracts;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Federated.Server.Rest;

/// <summary>Enrolment tokens.</summary>
internal static class EnrolmentTokensApi
{
    public static void Map(RouteGroupBuilder group)
    {
        group.MapGet("/", ListAsync).WithSummary("Lists the enrolment tokens, oldest first.");
        group.MapPost("/", CreateAsync).WithSummary("Creates an enrolment token; its secret is in this answer only.").ProducesValidationProblem();
        group.MapPost("/{tokenId}/revoke", RevokeAsync)
            .WithSummary("Revokes an enrolment token; devices that it admitted stay enrolled.")
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static async Task<Ok<Page<EnrolmentTokenView>>> ListAsync(
        [AsParameters] PageQuery page, ServerContext context, IOptions<AdministrationOptions> options, CancellationToken cancellationToken)
    {
        var limit = page.Take(options.Value.PageSize);
        var after = page.After ?? "";
        var rows = await context.EnrolmentTokens.AsNoTracking()
            .Where(row => row.TenantId == Tenants.Default && row.TokenId.CompareTo(after) > 0)
            .OrderBy(row => row.TokenId)
            .Take(limit + 1)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(Page<EnrolmentTokenView>.Of(rows.ConvertAll(View), limit, token => token.TokenId));
    }

    private static async Task<Results<Created<CreatedEnrolmentToken>, ValidationProblem>> CreateAsync(
        CreateEnrolmentTokenRequest request, ClaimsPrincipal actor, EnrolmentTokens tokens, AuditLog audit, CancellationToken cancellationToken)
    {
        if (request.Errors() is { Count: > 0 } errors)
        {
            return TypedResults.ValidationProblem(errors);
        }

        var (row, secret) = await tokens.CreateAsync(
            Tenants.Default, request.Description, request.Uses, TimeSpan.FromHours(request.LifetimeHours), cancellationToken);
        await audit.RecordAsync(actor, "enrolment-token.create", row.TokenId, request.Description, cancellationToken);
        return TypedResults.Created(
            $"{RestApi.Prefix}/enrolment-tokens/{row.TokenId}", new CreatedEnrolmentToken(row.TokenId, secret, row.UsesLeft, row.ExpiresAt));
    }

    private static async Task<Results<Ok<EnrolmentTokenView>, ProblemHttpResult>> RevokeAsync(
        string tokenId, ClaimsPrincipal actor, ServerContext context, AuditLog audit, TimeProvider time, CancellationToken cancellationToken)
    {
        var row = await context.EnrolmentTokens
            .SingleOrDefaultAsync(row => row.TenantId == Tenants.Default && row.TokenId == tokenId, cancellationToken);
        if (row is null)
        {
            return Problems.NotFound("enrolment token", tokenId);
        }

        if (row.RevokedAt is null)
        {
            row.RevokedAt = time.GetUtcNow();
            await context.SaveChangesAsync(cancellationToken);
            await audit.RecordAsync(actor, "enrolment-token.revoke", tokenId, "", cancellationToken);
        }

        return TypedResults.Ok(View(row));
    }

    private static EnrolmentTokenView View(EnrolmentTokenRow row)
    {
        return new EnrolmentTokenView(row.TokenId, row.Description, row.UsesLeft, row.CreatedAt, row.ExpiresAt, row.RevokedAt);
    }
}
