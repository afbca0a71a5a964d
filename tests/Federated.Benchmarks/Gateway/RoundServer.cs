using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Rounds;

namespace Federated.Benchmarks.Gateway;

/// <summary>
/// The server side of the <c>round</c> benchmark, a process of its own, so that its memory is nobody else's. It says on standard output
/// where it listens and with which key tickets are signed; a line on standard input closes the round, and it answers with
/// the number of included updates, the largest error of the aggregate's first element, and its peak resident bytes.
/// </summary>
internal static class RoundServer
{
    public const string Argument = "round-server";

    public static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        int slots = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        int elements = int.Parse(arguments[2], CultureInfo.InvariantCulture);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using GatewayServer server = await GatewayServer.StartAsync(key, slots, elements * sizeof(float), bus: null, cancellationToken);
        RoundPlan plan = GatewayUpdate.Plan(elements);
        await server.Node.OpenRoundAsync(plan, _ => { }, cancellationToken);
        Console.WriteLine($"{server.Address} {Convert.ToBase64String(key.ExportPkcs8PrivateKey())}");

        await Console.In.ReadLineAsync(cancellationToken);
        ClosedRound closed = await server.Node.CloseRoundAsync(plan.Key, cancellationToken);
        using var self = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{closed.Included.Count} {closed.Sections[0].Single[0]:R} {self.PeakWorkingSet64}"));
        return 0;
    }
}
