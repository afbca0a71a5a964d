using System.Security.Cryptography;
using Federated.Coordination.Jobs;
using Federated.Server.Configuration;
using Federated.Server.Database;
using Federated.Server.Database.Rows;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Federated.Server.Identity;

/// <summary>Proof of possession of a device's key: a signed, single-use challenge.</summary>
internal sealed class DeviceAuthentication(
    IDbContextFactory<ServerContext> contexts, ChallengeIssuer challenges, IOptions<DeviceIdentityOptions> options, TimeProvider time)
{
    public (byte[] Challenge, DateTimeOffset ExpiresAt) CreateChallenge(string deviceId)
    {
        var expiresAt = time.GetUtcNow() + options.Value.ChallengeLifetime;
        return (challenges.Create(deviceId, expiresAt), expiresAt);
    }

    public async Task<(AuthenticationOutcome Outcome, DeviceIdentity Device)> AuthenticateAsync(
        string deviceId, byte[] challenge, byte[] signature, CancellationToken cancellationToken)
    {
        switch (challenges.Check(deviceId, challenge))
        {
            case ChallengeOutcome.Forged:
                return (AuthenticationOutcome.ForgedChallenge, default);
            case ChallengeOutcome.Expired:
                return (AuthenticationOutcome.ExpiredChallenge, default);
        }

        await using var context = await contexts.CreateDbContextAsync(cancellationToken);
        var device = await context.Devices.AsNoTracking().SingleOrDefaultAsync(row => row.DeviceId == deviceId, cancellationToken);
        if (device is null)
        {
            return (AuthenticationOutcome.UnknownDevice, default);
        }

        if (!Verify(device.PublicKey, challenge, signature))
        {
            return (AuthenticationOutcome.WrongSignature, default);
        }

        // Only a right signature uses the challenge up, so nobody else can spend a device's challenge.
        if (!await UseAsync(context, device.TenantId, challenge, cancellationToken))
        {
            return (AuthenticationOutcome.ReplayedChallenge, default);
        }

        var outcome = device.RevokedAt is null ? AuthenticationOutcome.Authenticated : AuthenticationOutcome.Revoked;
        return (outcome, new DeviceIdentity(device.TenantId, deviceId));
    }

    private static bool Verify(byte[] publicKey, byte[] challenge, byte[] signature)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(publicKey, out _);
        return key.VerifyData(challenge, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    private async Task<bool> UseAsync(ServerContext context, string tenantId, byte[] challenge, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await context.UsedChallenges.Where(row => row.TenantId == tenantId && row.ExpiresAt < now).ExecuteDeleteAsync(cancellationToken);
        context.UsedChallenges.Add(new UsedChallengeRow
        {
            TenantId = tenantId,
            Nonce = challenge[..ChallengeIssuer.NonceLength],
            ExpiresAt = ChallengeIssuer.ExpiryOf(challenge),
        });
        try
        {
            await context.SaveChangesAsync(cancellationToken);
            return true;
        }
        catch (DbUpdateException exception) when (UniqueViolation.Is(exception))
        {
            return false;
        }
    }
}
