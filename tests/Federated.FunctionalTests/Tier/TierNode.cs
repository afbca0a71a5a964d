using Federated.AggregatorHost;
using Federated.DaprSidecar;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace Federated.FunctionalTests.Tier;

/// <summary>A node of the tier, in this process or in one of its own; stopped and started again it is the same node.</summary>
internal sealed class TierNode(string id, string folder, string keys) : IAsyncDisposable
{
    private readonly int _devicesPort = TestPorts.Next();
    private readonly int _transferPort = TestPorts.Next();
    private readonly int _controlPort = TestPorts.Next();
    private TcpProxy? _cable;
    private WebApplication? _app;

    public string Id => id;

    public string Gateway => $"http://127.0.0.1:{_devicesPort}";

    public SidecarApp Sidecar { get; } = new(id, null, TestPorts.Next(), TestPorts.Next());

    /// <summary>The sidecar's entry for the node.</summary>
    public SidecarApp App => Sidecar with { Address = new Uri($"http://127.0.0.1:{_controlPort}") };

    /// <summary>The way by which other nodes and the server reach the node's transfers.</summary>
    public TcpProxy Cable => _cable ??= new TcpProxy(_transferPort);

    /// <summary>The process, when the node runs in one of its own.</summary>
    public HostProcess? Process { get; private set; }

    public LogLines Logs { get; } = new();

    private string[] Arguments =>
    [
        "--environment=Production",
        $"--Aggregator:NodeId={id}",
        $"--Aggregator:Directory={Path.Combine(folder, id)}",
        $"--Aggregator:PoolDirectory={folder}",
        "--Aggregator:SlotCount=8",
        "--Aggregator:SlotBytes=65536",
        $"--Endpoints:Devices=http://127.0.0.1:{_devicesPort}",
        $"--Endpoints:Transfer=http://127.0.0.1:{_transferPort}",
        $"--Endpoints:Control=http://127.0.0.1:{_controlPort}",
        $"--Tier:TransferAddress={Cable.Address}",
        $"--Trust:Directory={keys}",
        $"--Tier:Key={TierWorld.TierKey}",
        "--Tier:Capacity=2.9",
        "--Tier:AliveInterval=00:00:00.2",
        "--Tier:IdleAliveInterval=00:00:01",
        "--Tier:TransferTimeout=00:00:10",
        $"--Dapr:HttpEndpoint=http://127.0.0.1:{Sidecar.HttpPort}",
        $"--Dapr:GrpcEndpoint=http://127.0.0.1:{Sidecar.GrpcPort}",
    ];

    public async Task StartAsync(bool asProcess, CancellationToken cancellationToken)
    {
        if (asProcess)
        {
            Process = await HostProcess.StartAsync("Federated.AggregatorHost.dll", Arguments, "Listening:", cancellationToken);
            return;
        }

        _app = NodeHost.Build(Arguments, builder => builder.Logging.ClearProviders().AddProvider(Logs));
        await _app.StartAsync(cancellationToken);
    }

    public async Task StopAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
            _app = null;
        }

        if (Process is not null)
        {
            await Process.DisposeAsync();
            Process = null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _cable?.Dispose();
    }
}
