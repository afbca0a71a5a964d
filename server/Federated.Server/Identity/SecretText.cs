using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Federated.Server.Identity;

/// <summary>Random secrets as text, their hashes, and comparison that takes the same time whatever differs.</summary>
internal static class SecretText
{
    public static string Create(string prefix)
    {
        return prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
    }

    public static byte[] Hash(string secret)
    {
        return SHA256.HashData(Encoding.UTF8.GetBytes(secret));
    }

    public static bool Matches(string candidate, string secret)
    {
        return CryptographicOperations.FixedTimeEquals(Hash(candidate), Hash(secret));
    }
}
