using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Federated.Aggregator.Hosting.Tier;

/// <summary>
/// Signs calls between the processes of a tier with the secret that they share: a time stamp and its HMAC-SHA256 over the call's name. The
/// secret never travels; whoever listens can repeat the same kind of call for some minutes, so networks that others listen to need TLS.
/// </summary>
public sealed class TierKey
{
    /// <summary>Metadata that carries the signature.</summary>
    public const string MetadataName = "tier-auth";

    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private readonly byte[] _secret;

    public TierKey(string secret)
    {
        ArgumentException.ThrowIfNullOrEmpty(secret);
        _secret = Encoding.UTF8.GetBytes(secret);
    }

    /// <summary>The metadata's value for a call that begins now.</summary>
    public string Sign(string method, DateTimeOffset now)
    {
        string stamp = now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        return $"{stamp}.{Convert.ToHexStringLower(MacOf(method, stamp))}";
    }

    /// <summary>Whether a value was made with this secret, for this call, within five minutes.</summary>
    public bool Verify(string? signature, string method, DateTimeOffset now)
    {
        string[] parts = signature?.Split('.') ?? [];
        if (parts.Length != 2 || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long stamp)
            || Math.Abs(now.ToUnixTimeMilliseconds() - stamp) > Tolerance.TotalMilliseconds)
        {
            return false;
        }

        byte[] expected = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(MacOf(method, parts[0])));
        return CryptographicOperations.FixedTimeEquals(expected, Encoding.ASCII.GetBytes(parts[1]));
    }

    private byte[] MacOf(string method, string stamp) => HMACSHA256.HashData(_secret, Encoding.UTF8.GetBytes($"{method}|{stamp}"));
}
