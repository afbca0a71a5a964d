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

        options.TokenHandlers.Clear();
        options.TokenHandlers.Add(new VerifiedTokens(time));

        // The server that issued the token judges it by the same clock, so there is no tolerance.
        options.TokenValidationParameters = ServerTrust.TokenRules(keys.AccessTokenPublicKey, time, TimeSpan.Zero);
    }

    public void Configure(JwtBearerOptions options)
    {
        Configure(Options.DefaultName, options);
    }
}
