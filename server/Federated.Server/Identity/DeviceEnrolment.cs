using System.Security.Cryptography;
using Federated.Server.Database;
using Federated.Server.Database.Rows;
using Microsoft.EntityFrameworkCore;

namespace Federated.Server.Identity;

/// <summary>Admits devices against enrolment tokens.</summary>
internal sealed class DeviceEnrolment(IDbContextFactory<ServerContext> contexts, TimeProvider time)
{
    public async Task<(EnrolmentOutcome Outcome, DeviceRow? Device)> EnrolAsync(
        string tokenSecret, byte[] publicKey, string displayName, string sdkVersion, CancellationToken cancellationToken)
    {
        if (!IsP256(publicKey))
        {
            return (EnrolmentOutcome.UnusableKey, null);
        }

        var hash = SecretText.Hash(tokenSecret);
        var now = time.GetUtcNow();
        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await context.Database.BeginTransactionAsync(cancellationToken);

        // One statement decides, so that two devices cannot share the last use.
        var admitted = await context.EnrolmentTokens
            .Where(token => token.SecretHash == hash && token.UsesLeft > 0 && token.ExpiresAt > now && token.RevokedAt == null)
            .ExecuteUpdateAsync(set => set.SetProperty(token => token.UsesLeft, token => token.UsesLeft - 1), cancellationToken);
        var tokenRow = await context.EnrolmentTokens.AsNoTracking().SingleOrDefaultAsync(token => token.SecretHash == hash, cancellationToken);
        if (admitted == 0)
        {
            return (Refusal(tokenRow, now), null);
        }

        var device = new DeviceRow
        {
            TenantId = tokenRow!.TenantId,
            DeviceId = Guid.CreateVersion7(now).ToString("N"),
            PublicKey = publicKey,
            DisplayName = displayName,
            SdkVersion = sdkVersion,
            EnrolledAt = now,
            EnrolmentTokenId = tokenRow.TokenId,
        };
        context.Devices.Add(device);
        await context.SaveChangesAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return (EnrolmentOutcome.Enrolled, device);
    }

    private static EnrolmentOutcome Refusal(EnrolmentTokenRow? token, DateTimeOffset now)
    {
        return token is null ? EnrolmentOutcome.UnknownToken
            : token.RevokedAt is not null ? EnrolmentOutcome.TokenRevoked
            : token.ExpiresAt <= now ? EnrolmentOutcome.TokenExpired
            : EnrolmentOutcome.TokenUsedUp;
    }

    private static bool IsP256(byte[] publicKey)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(publicKey, out var read);
            return read == publicKey.Length && key.KeySize == 256
                && key.ExportParameters(false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
