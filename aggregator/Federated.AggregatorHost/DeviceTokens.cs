using Federated.Aggregator.Hosting.Trust;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;

namespace Federated.AggregatorHost;

/// <summary>Devices show the node the token that the server gave them. Of revoked devices the server tells the nodes.</summary>
internal sealed class DeviceTokens(ServerKeys keys, IOptions<TrustOptions> trust, TimeProvider time) : IConfigureNamedOptions<JwtBearerOptions>
{
    public const string Scheme = "Device";

    public void Configure(string? name, JwtBearerOptions options)
    {
        if (name == Scheme)
        {
            options.MapInboundClaims = false;
            options.TokenValidationParameters = ServerTrust.TokenRules(keys.Tokens, time, trust.Value.ClockTolerance);
        }
    }

    public void Configure(JwtBearerOptions options) => Configure(Options.DefaultName, options);
}
