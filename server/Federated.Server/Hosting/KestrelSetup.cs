using System.Net;
using System.Security.Cryptography.X509Certificates;
using Federated.Aggregator.Hosting.Settings;
using Federated.Server.Configuration;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Federated.Server.Hosting;

/// <summary>Two listening addresses, each marked with its role.</summary>
internal sealed class KestrelSetup(IConfiguration configuration) : IConfigureOptions<KestrelServerOptions>
{
    private const int StreamsPerConnection = 1000;

    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;

        // A waiting check-in is silent for up to a minute; pings tell a silent device from a dead one.
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(30);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);

        // Runs before the settings are validated: bad addresses are left to the validation, which reports them with all other errors.
        var settings = configuration.GetSection(EndpointOptions.Section).Get<EndpointOptions>() ?? new EndpointOptions();
        if (EndpointAddress.TryParse(settings.Rest, out var rest) && EndpointAddress.TryParse(settings.Grpc, out var grpc))
        {
            Listen(kestrel, settings, rest, EndpointRole.Administration, rest.IsTls ? HttpProtocols.Http1AndHttp2 : HttpProtocols.Http1);
            Listen(kestrel, settings, grpc, EndpointRole.Devices, HttpProtocols.Http2);
        }
    }

    private static void Listen(
        KestrelServerOptions kestrel, EndpointOptions settings, EndpointAddress address, EndpointRole role, HttpProtocols protocols)
    {
        void Configure(ListenOptions listen)
        {
            listen.Protocols = protocols;
            if (address.IsTls)
            {
                listen.UseHttps(LoadCertificate(settings));
            }

            listen.Use(next => connection =>
            {
                connection.Items[typeof(EndpointRole)] = role;
                return next(connection);
            });
        }

        if (address.IsAnyHost)
        {
            kestrel.ListenAnyIP(address.Port, Configure);
        }
        else if (address.IsLocalhost && address.Port != 0)
        {
            kestrel.ListenLocalhost(address.Port, Configure);
        }
        else
        {
            kestrel.Listen(address.IsLocalhost ? IPAddress.Loopback : IPAddress.Parse(address.Host), address.Port, Configure);
        }
    }

    private static X509Certificate2 LoadCertificate(EndpointOptions settings)
    {
        if (settings.CertificateKeyPath is null)
        {
            return X509CertificateLoader.LoadPkcs12FromFile(settings.CertificatePath!, settings.CertificatePassword);
        }

        return settings.CertificatePassword is null
            ? X509Certificate2.CreateFromPemFile(settings.CertificatePath!, settings.CertificateKeyPath)
            : X509Certificate2.CreateFromEncryptedPemFile(settings.CertificatePath!, settings.CertificatePassword, settings.CertificateKeyPath);
    }
}
