using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;

namespace Federated.Client.Calls;

/// <summary>One channel an address: the coordinator's and each gateway's.</summary>
/// <param name="coordinator">The coordinator's address.</param>
/// <param name="trusted">In which a server's certificate chain must end; null for the system's authorities. Owned by the pool.</param>
internal sealed class ChannelPool(Uri coordinator, X509Certificate2Collection? trusted = null) : IDisposable
{
    /// <summary>What may be under way before the other side confirms it; the default of 64 KiB would throttle a download.</summary>
    private const int StreamWindow = 4 * 1024 * 1024;

    private static readonly TimeSpan PingDelay = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PingTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<Uri, Lazy<GrpcChannel>> _channels = new();

    public Uri Coordinator { get; } = coordinator;

    public CallInvoker InvokerFor(Uri address) =>
        _channels.GetOrAdd(address, a => new Lazy<GrpcChannel>(() => Open(a))).Value.CreateCallInvoker();

    /// <summary>The address that a ticket names; empty means the coordinator's.</summary>
    public Uri Gateway(string address)
    {
        if (address.Length == 0)
        {
            return Coordinator;
        }

        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? gateway)
            || (gateway.Scheme != Uri.UriSchemeHttp && gateway.Scheme != Uri.UriSchemeHttps))
        {
            throw new FederatedClientException(
                FederatedClientReason.ProtocolViolation, $"The ticket's gateway '{address}' is not an http or https address.");
        }

        if (Coordinator.Scheme == Uri.UriSchemeHttps && gateway.Scheme != Uri.UriSchemeHttps)
        {
            throw new FederatedClientException(
                FederatedClientReason.ProtocolViolation,
                $"The ticket's gateway '{address}' is not encrypted although the coordinator is; the update is not sent there.");
        }

        return gateway;
    }

    public void Dispose()
    {
        foreach (Lazy<GrpcChannel> channel in _channels.Values)
        {
            channel.Value.Dispose();
        }

        foreach (X509Certificate2 certificate in trusted ?? [])
        {
            certificate.Dispose();
        }
    }

    private SslClientAuthenticationOptions TlsOptions()
    {
        var options = new SslClientAuthenticationOptions();
        if (trusted is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,

                // Authorities of one's own publish no lists of revoked certificates as a rule.
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(trusted);
        }

        return options;
    }

    private GrpcChannel Open(Uri address) => GrpcChannel.ForAddress(address, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = StreamWindow,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            KeepAlivePingDelay = PingDelay,
            KeepAlivePingTimeout = PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ConnectTimeout = ConnectTimeout,
            SslOptions = TlsOptions(),
        },
        DisposeHttpClient = true,
        MaxReceiveMessageSize = 8 * 1024 * 1024,
        MaxSendMessageSize = null,
        ThrowOperationCanceledOnCancellation = true,
    });
}
