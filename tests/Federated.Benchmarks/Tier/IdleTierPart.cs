using Federated.Benchmarks.Framework;
using Federated.FunctionalTests;

namespace Federated.Benchmarks.Tier;

/// <summary>An idle minute of a server and three nodes, a process each, wired by the sidecar: the share of a core of each node after a minute to warm up.</summary>
internal static class IdleTierPart
{
    private const int Nodes = 3;

    public static async Task RunAsync(BenchmarkContext context)
    {
        string folder = Directory.CreateTempSubdirectory("federated-idle-").FullName;
        var processes = new List<ProgramProcess>();
        try
        {
            await StartAsync(processes, folder, context.CancellationToken);
            TimeSpan minute = TimeSpan.FromMinutes(1);
            await Task.Delay(minute, TimeProvider.System, context.CancellationToken);
            double[] before = [.. processes.Select(process => process.CpuSeconds)];
            await Task.Delay(minute, TimeProvider.System, context.CancellationToken);
            double[] shares = [.. processes.Select((process, i) => (process.CpuSeconds - before[i]) / minute.TotalSeconds * 100)];
            context.Tell("tier.idle.sidecar", shares[0], "%");
            context.Tell("tier.idle.server", shares[1], "%");
            for (int n = 1; n <= Nodes; n++)
            {
                context.AtMost($"tier.idle.node{n}", shares[n + 1], 0.5, "%");
            }
        }
        finally
        {
            processes.Reverse();
            processes.ForEach(process => process.Dispose());
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task StartAsync(List<ProgramProcess> processes, string folder, CancellationToken cancellationToken)
    {
        string[] apps = [.. Enumerable.Range(0, Nodes + 1).Select(_ => $"http://127.0.0.1:{TestPorts.Next()}")];
        processes.Add(await ProgramProcess.StartAsync(
            "Federated.DaprSidecar.dll",
            apps.SelectMany((address, n) => (string[])["--app", $"{(n == 0 ? "coordinator" : $"node-{n}")},app={address}"]),
            "Sidecar of ", Nodes + 1, cancellationToken));
        string key = $"--Tier:Key={Guid.NewGuid():N}";
        processes.Add(await ProgramProcess.StartAsync(
            "Federated.Server.dll",
            [
                "--environment=Development", $"--Data:Directory={folder}/server", "--Tier:Mode=Distributed", key, $"--Endpoints:Rest={apps[0]}", "--Endpoints:Grpc=http://127.0.0.1:0",
                .. SidecarOf(processes[0], 0),
            ],
            "Listening", 1, cancellationToken));
        for (int n = 1; n <= Nodes; n++)
        {
            processes.Add(await ProgramProcess.StartAsync(
                "Federated.AggregatorHost.dll",
                [
                    $"--Aggregator:NodeId=node-{n}", $"--Aggregator:Directory={folder}/node-{n}", $"--Aggregator:PoolDirectory={folder}",
                    "--Aggregator:SlotCount=2", "--Aggregator:SlotBytes=1048576",
                    $"--Trust:Directory={folder}/server/keys", key, $"--Endpoints:Control={apps[n]}",
                    $"--Endpoints:Devices=http://127.0.0.1:{TestPorts.Next()}", $"--Endpoints:Transfer=http://127.0.0.1:{TestPorts.Next()}", .. SidecarOf(processes[0], n),
                ],
                "Listening", 1, cancellationToken));
        }
    }

    private static string[] SidecarOf(ProgramProcess sidecar, int app)
    {
        string[] words = sidecar.ReadyLines[app].Split(' ', ',');
        return [$"--Dapr:HttpEndpoint={words[^4]}", $"--Dapr:GrpcEndpoint={words[^1]}"];
    }
}
