using System.Net;
using System.Security.Cryptography.X509Certificates;
using Federated.Aggregator.Hosting.Settings;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Federated.AggregatorHost;

/// <summary>Three listening addresses, each marked with what it is for.</summary>
internal sealed class NodeKestrelSetup(IConfiguration configuration) : IConfigureOptions<KestrelServerOptions>
{
    public void Configure(KestrelServerOptions kestrel)
    {
        // Runs before the settings are validated: bad addresses are left to the validation, which reports them with all other errors.
        NodeEndpointOptions settings = configuration.GetSection(NodeEndpointOptions.Section).Get<NodeEndpointOptions>() ?? new NodeEndpointOptions();
        Listen(kestrel, settings, settings.Devices, NodeEndpoint.Devices, HttpProtocols.Http2);
        Listen(kestrel, settings, settings.Transfer, NodeEndpoint.Transfer, HttpProtocols.Http2);
        Listen(kestrel, settings, settings.Control, NodeEndpoint.Control, HttpProtocols.Http1);
    }

    private static void Listen(KestrelServerOptions kestrel, NodeEndpointOptions settings, string address, NodeEndpoint role, HttpProtocols protocols)
    {
        if (!EndpointAddress.TryParse(address, out EndpointAddress? parsed))
        {
            return;
        }

        void Configure(ListenOptions listen)
        {
            listen.Protocols = protocols;
            if (parsed.IsTls)
            {
                listen.UseHttps(X509Certificate2.CreateFromPemFile(settings.CertificatePath!, settings.CertificateKeyPath));
            }

            listen.Use(next => connection =>
            {
                connection.Items[typeof(NodeEndpoint)] = role;
                return next(connection);
            });
        }

        if (parsed.IsAnyHost)
        {
            kestrel.ListenAnyIP(parsed.Port, Configure);
        }
        else
        {
            kestrel.Listen(parsed.IsLocalhost ? IPAddress.Loopback : IPAddress.Parse(parsed.Host), parsed.Port, Configure);
        }
    }
}
