using Federated.Server.Database;
using Federated.Server.Database.Rows;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Identity;

/// <summary>Creates enrolment tokens. Only the hash of a token's secret is kept.</summary>
internal sealed class EnrolmentTokens(IDbContextFactory<ServerContext> contexts, TimeProvider time)
{
    private const string Prefix = "fet_";

    public async Task<(EnrolmentTokenRow Row, string Secret)> CreateAsync(
        string tenantId, string description, int uses, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        var secret = SecretText.Create(Prefix);
        var now = time.GetUtcNow();
        var row = new EnrolmentTokenRow
        {
            TenantId = tenantId,
            TokenId = Guid.CreateVersion7(now).ToString("N"),
            SecretHash = SecretText.Hash(secret),
            Description = description,
            UsesLeft = uses,
            CreatedAt = now,
            ExpiresAt = now + lifetime,
        };
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        context.EnrolmentTokens.Add(row);
        await context.SaveChangesAsync(cancellationToken);
        return (row, secret);
    }

    public async Task<bool> AnyAsync(string tenantId, CancellationToken cancellationToken)
    {
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        return await context.EnrolmentTokens.AnyAsync(token => token.TenantId == tenantId, cancellationToken);
    }
}
