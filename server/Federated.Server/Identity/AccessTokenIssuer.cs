using Federated.Aggregator.Hosting.Trust;
using Federated.Coordination.Jobs;
using Federated.Server.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Federated.Server.Identity;

/// <summary>Writes the short-lived bearer tokens (JWT, ES256) that devices present on every call.</summary>
internal sealed class AccessTokenIssuer(ServerKeys keys, IOptions<DeviceIdentityOptions> options, TimeProvider time)
{
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    // ECDsa promises no thread safety.
    private readonly Lock _gate = new();

    public (string Token, DateTimeOffset ExpiresAt) Issue(DeviceIdentity device)
    {
        var now = time.GetUtcNow();
        var expiresAt = now + options.Value.AccessTokenLifetime;
        var description = new SecurityTokenDescriptor
        {
            Issuer = ServerTrust.TokenIssuer,
            Audience = ServerTrust.TokenAudience,
            IssuedAt = now.UtcDateTime,
            Expires = expiresAt.UtcDateTime,
            Claims = new Dictionary<string, object>
            {
                [DeviceClaims.Device] = device.DeviceId,
                [DeviceClaims.Tenant] = device.TenantId,
            },
            SigningCredentials = new SigningCredentials(new ECDsaSecurityKey(keys.AccessTokenKey), SecurityAlgorithms.EcdsaSha256),
        };
        lock (_gate)
        {
            return (_handler.CreateToken(description), expiresAt);
        }
    }
}
