using Federated.Aggregator.Hosting.Trust;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;

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

<<<<<<< HEAD
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
=======
        options.MapInboundClaims = false;

        // The server that issued the token judges it by the same clock, so there is no tolerance.
        options.TokenValidationParameters = ServerTrust.TokenRules(keys.AccessTokenPublicKey, time, TimeSpan.Zero);
>>>>>>> ae0b205 (refactor: the settings catalogue and the rules of trust are shared by the server and nodes; the server writes its public keys out)
    }

    public void Configure(JwtBearerOptions options)
    {
        Configure(Options.DefaultName, options);
    }
}
