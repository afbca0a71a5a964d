using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Federated.Server.Identity;

/// <summary>How a device's bearer token is checked: algorithm, signature, issuer, audience and lifetime.</summary>
internal sealed class DeviceTokenValidation(ServerKeys keys, TimeProvider time) : IConfigureNamedOptions<JwtBearerOptions>
{
    public const string Scheme = "Device";

    public void Configure(string? name, JwtBearerOptions options)
    {
        if (name != Scheme)
        {
            return;
        }

        options.TokenHandlers.Clear();
        options.TokenHandlers.Add(new VerifiedTokens(time));
        options.TokenValidationParameters = new TokenValidationParameters
        {
            IssuerSigningKey = new ECDsaSecurityKey(keys.AccessTokenPublicKey),
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidIssuer = AccessTokenIssuer.Issuer,
            ValidAudience = AccessTokenIssuer.Audience,
            NameClaimType = DeviceClaims.Device,
            // The server that issued the token judges it by the same clock, so there is no tolerance. Tokens hold whole seconds.
            LifetimeValidator = (_, expires, _, _) => time.GetUtcNow().UtcDateTime < expires,
        };
    }

    public void Configure(JwtBearerOptions options)
    {
        Configure(Options.DefaultName, options);
    }
}
