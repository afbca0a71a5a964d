using System.Security.Cryptography;
using Federated.Server.Configuration;
using Microsoft.Extensions.Options;

namespace Federated.Server.Identity;

/// <summary>The server's own secrets, kept in the data folder: losing them only makes devices authenticate again.</summary>
internal sealed class ServerKeys : IDisposable
{
    private readonly Lazy<ECDsa> _accessTokenKey;
    private readonly Lazy<ECDsa> _ticketKey;
    private readonly Lazy<ECDsa> _accessTokenPublicKey;
    private readonly Lazy<ECDsa> _ticketPublicKey;
    private readonly Lazy<byte[]> _challengeKey;

    public ServerKeys(IOptions<DataOptions> data)
    {
        _accessTokenKey = new(() => SigningKeyFile.LoadOrCreate(data.Value.KeyDirectory, "access-tokens"));
        _ticketKey = new(() => SigningKeyFile.LoadOrCreate(data.Value.KeyDirectory, "tickets"));
        _accessTokenPublicKey = new(() => PublicHalfOf(AccessTokenKey));
        _ticketPublicKey = new(() => PublicHalfOf(TicketKey));
        _challengeKey = new(() => LoadOrCreateChallengeKey(Path.Combine(data.Value.KeyDirectory, "challenges.key")));
    }

    /// <summary>Makes the signing keys that are missing, so that their public halves are there for the nodes of a distributed tier.</summary>
    public void Create()
    {
        _ = AccessTokenKey;
        _ = TicketKey;
    }

    public ECDsa AccessTokenKey => _accessTokenKey.Value;

    public ECDsa TicketKey => _ticketKey.Value;

    // Verifiers have objects of their own, because ECDsa promises no thread safety.
    public ECDsa AccessTokenPublicKey => _accessTokenPublicKey.Value;

    public ECDsa TicketPublicKey => _ticketPublicKey.Value;

    public ReadOnlySpan<byte> ChallengeKey => _challengeKey.Value;

    public void Dispose()
    {
        foreach (var key in new[] { _accessTokenKey, _ticketKey, _accessTokenPublicKey, _ticketPublicKey })
        {
            if (key.IsValueCreated)
            {
                key.Value.Dispose();
            }
        }
    }

    private static ECDsa PublicHalfOf(ECDsa key)
    {
        return ECDsa.Create(key.ExportParameters(includePrivateParameters: false));
    }

    private static byte[] LoadOrCreateChallengeKey(string path)
    {
        if (!File.Exists(path))
        {
            PrivateFile.Write(path, Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));
        }

        return Convert.FromHexString(File.ReadAllText(path).Trim());
    }
}
