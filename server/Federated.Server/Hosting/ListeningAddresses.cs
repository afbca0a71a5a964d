using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Federated.Server.Hosting;

/// <summary>The addresses that the server listens on, ports of 0 resolved.</summary>
internal sealed record ListeningAddresses(string Rest, string Grpc)
{
    public string Banner => $"Listening: administrators on {Rest} (REST), devices on {Grpc} (gRPC).";

    /// <summary>Reads them from a started server, which lists them in the order of <see cref="KestrelSetup"/>.</summary>
    public static ListeningAddresses Of(IServiceProvider services)
    {
        var addresses = services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses;
        return new ListeningAddresses(addresses.First(), addresses.Last());
    }
}
