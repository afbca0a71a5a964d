using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace Federated.AggregatorHost;

/// <summary>The public keys of the server.</summary>
internal sealed class ServerKeys(IOptions<TrustOptions> trust) : IDisposable
{
    private readonly Lazy<ECDsa> _tickets = new(() => Load(trust.Value.TicketKeyFile));
    private readonly Lazy<ECDsa> _tokens = new(() => Load(trust.Value.TokenKeyFile));

    public ECDsa Tickets => _tickets.Value;

    public ECDsa Tokens => _tokens.Value;

    public void Dispose()
    {
        foreach (Lazy<ECDsa> key in new[] { _tickets, _tokens })
        {
            if (key.IsValueCreated)
            {
                key.Value.Dispose();
            }
        }
    }

    private static ECDsa Load(string path)
    {
        ECDsa key = ECDsa.Create();
        key.ImportFromPem(File.ReadAllText(path));
        return key;
    }
}
