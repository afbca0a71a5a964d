using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;

namespace Federated.Aggregator.Hosting.Trust;

/// <summary>What the server and the nodes agree on about its signatures: names of keys and tokens, and how a device's token is judged.</summary>
public static class ServerTrust
{
    /// <summary>The name under which tickets name the server's key.</summary>
    public const string TicketKeyId = "server";

    /// <summary>Who issues the tokens of devices.</summary>
    public const string TokenIssuer = "federated-server";

    /// <summary>Whom the tokens of devices are for.</summary>
    public const string TokenAudience = "federated-devices";

    /// <summary>How a device's bearer token is checked: algorithm, signature, issuer, audience and lifetime.</summary>
    /// <param name="key">The public half of the server's key for tokens.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tolerance">How far the clock may be behind the server's; tokens hold whole seconds.</param>
    public static TokenValidationParameters TokenRules(ECDsa key, TimeProvider time, TimeSpan tolerance) => new()
    {
        IssuerSigningKey = new ECDsaSecurityKey(key),
        ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
        ValidIssuer = TokenIssuer,
        ValidAudience = TokenAudience,
        NameClaimType = DevicePolicy.DeviceClaim,
        LifetimeValidator = (_, expires, _, _) => time.GetUtcNow().UtcDateTime < expires + tolerance,
    };
}
