using System.CommandLine;
using Federated.DaprSidecar.Delivery;
using Federated.DaprSidecar.Faults;

namespace Federated.DaprSidecar;

/// <summary>The command line of the executable.</summary>
internal static class SidecarCommand
{
    public static RootCommand Create()
    {
        var apps = new Option<string[]>("--app")
        {
            Description = "An app, where it listens, and its sidecar's ports (0: a free one); may be given several times",
            HelpName = "ID[,app=URL][,http=PORT][,grpc=PORT]",
            Required = true,
        };
        var redis = new Option<string?>("--redis") { Description = "Redis server for pub/sub (streams) and state (hashes); without it both are in memory", HelpName = "HOST:PORT" };
        var pubSub = new Option<string>("--pubsub") { Description = "Name of the pub/sub component", HelpName = "NAME", DefaultValueFactory = _ => "pubsub" };
        var store = new Option<string>("--statestore") { Description = "Name of the state store", HelpName = "NAME", DefaultValueFactory = _ => "statestore" };
        var retries = new Option<int>("--retries") { Description = "Tries after a failed delivery; -1 for ever", HelpName = "N", DefaultValueFactory = _ => 25 };
        var interval = new Option<int>("--retry-interval") { Description = "Milliseconds between two tries", HelpName = "MS", DefaultValueFactory = _ => 200 };
        var maxBody = new Option<int>("--max-body-size") { Description = "Bytes of the longest request", HelpName = "BYTES", DefaultValueFactory = _ => 4 * 1024 * 1024 };
        var duplicate = new Option<double>("--duplicate") { Description = "Fault: share of messages delivered twice", HelpName = "SHARE" };
        var delay = new Option<int>("--delay") { Description = "Fault: each message is held back for a random part of so many milliseconds", HelpName = "MS" };
        var reorder = new Option<double>("--reorder") { Description = "Fault: share of messages that later ones overtake", HelpName = "SHARE" };
        var drop = new Option<double>("--drop") { Description = "Fault: share of messages that are lost", HelpName = "SHARE" };
        var crash = new Option<int>("--crash-after") { Description = "Fault: deliveries after which the process kills itself", HelpName = "N" };
        var seed = new Option<ulong>("--seed") { Description = "Fixes the draws of the faults", HelpName = "N", DefaultValueFactory = _ => 1UL };
        var root = new RootCommand("A stand-in for Dapr's sidecar in development and tests: pub/sub and state over Dapr's gRPC and HTTP interfaces.")
        {
            apps, redis, pubSub, store, retries, interval, maxBody, duplicate, delay, reorder, drop, crash, seed,
        };
        root.SetAction(async (parsed, cancellationToken) =>
        {
            SidecarOptions options;
            try
            {
                options = new SidecarOptions
                {
                    Apps = [.. parsed.GetValue(apps)!.Select(SidecarApp.Parse)],
                    Redis = parsed.GetValue(redis),
                    PubSub = parsed.GetValue(pubSub)!,
                    StateStore = parsed.GetValue(store)!,
                    Retry = new RetryPolicy(TimeSpan.FromMilliseconds(parsed.GetValue(interval)), parsed.GetValue(retries)),
                    MaxBodySize = parsed.GetValue(maxBody),
                    LogToConsole = true,
                    Faults = new FaultSettings
                    {
                        Duplicate = parsed.GetValue(duplicate),
                        Delay = TimeSpan.FromMilliseconds(parsed.GetValue(delay)),
                        Reorder = parsed.GetValue(reorder),
                        Drop = parsed.GetValue(drop),
                        CrashAfter = parsed.GetValue(crash),
                        Seed = parsed.GetValue(seed),
                    },
                };
            }
            catch (FormatException exception)
            {
                await Console.Error.WriteLineAsync($"error: {exception.Message}");
                return 1;
            }

            await using DevelopmentSidecar sidecar = await DevelopmentSidecar.StartAsync(options, cancellationToken);
            foreach (SidecarEndpoint endpoint in sidecar.Endpoints)
            {
                Console.WriteLine($"Sidecar of {endpoint.AppId}: HTTP {endpoint.Http}, gRPC {endpoint.Grpc}");
            }

            await sidecar.WaitForShutdownAsync(cancellationToken);
            return 0;
        });
        return root;
    }
}
