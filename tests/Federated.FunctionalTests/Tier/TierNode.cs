using System.Net;
using Federated.Aggregator;
using Federated.AggregatorHost;
using Federated.DaprSidecar;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Federated.FunctionalTests.Tier;

/// <summary>A node of the tier, in this process or in one of its own; stopped and started again it is the same node.</summary>
internal sealed class TierNode(string id, int index, TierSetup setup, string folder, string keys) : IAsyncDisposable
{
    private readonly int _devicesPort = TestPorts.Next();
    private readonly int _transferPort = TestPorts.Next();
    private readonly int _controlPort = TestPorts.Next();
    private readonly List<TcpProxy> _proxies = [];
    private TcpProxy? _cable;
    private TcpProxy? _uploads;
    private WebApplication? _app;

    public string Id => id;

    public int Index => index;

    /// <summary>Where the node keeps what survives its process.</summary>
    public string Folder => Path.Combine(folder, id);

    public SidecarApp Sidecar { get; } = new(id, null, TestPorts.Next(), TestPorts.Next());

    /// <summary>The sidecar's entry for the node.</summary>
    public SidecarApp App => Sidecar with { Address = new Uri($"http://{Address}:{_controlPort}") };

    /// <summary>The way by which other nodes and the server reach the node's transfers, where it has no network of its own.</summary>
    public TcpProxy Cable => _cable ??= Keep(new TcpProxy(_transferPort));

    /// <summary>The way by which devices reach the node, where it has no network of its own.</summary>
    public TcpProxy Uploads => _uploads ??= Keep(new TcpProxy(_devicesPort, firstStallsAfter: setup.UploadStallsAfter));

    /// <summary>The process, when the node runs in one of its own.</summary>
    public HostProcess? Process { get; private set; }

    public LogLines Logs { get; } = new();

    /// <summary>The node's inside; only of one in this process.</summary>
    public AggregatorNode Inside => _app!.Services.GetRequiredService<AggregatorNode>();

    private string Address => setup.Networks?.AddressOf(index) ?? "127.0.0.1";

    private string[] Arguments =>
    [
        "--environment=Production",
        $"--Aggregator:NodeId={id}",
        $"--Aggregator:Directory={Folder}",
        $"--Aggregator:PoolDirectory={folder}",
        $"--Aggregator:SlotCount={setup.Slots}",
        "--Aggregator:SlotBytes=131072",
        $"--Endpoints:Devices=http://{Address}:{_devicesPort}",
        $"--Endpoints:Transfer=http://{Address}:{_transferPort}",
        $"--Endpoints:Control=http://{Address}:{_controlPort}",
        $"--Tier:GatewayAddress={(setup.Networks is null ? Uploads.Address : $"http://{Address}:{_devicesPort}")}",
        $"--Tier:TransferAddress={(setup.Networks is null ? Cable.Address : $"http://{Address}:{_transferPort}")}",
        $"--Trust:Directory={keys}",
        $"--Tier:Key={TierWorld.TierKey}",
        "--Tier:Capacity=2.9",
        "--Tier:AliveInterval=00:00:00.2",
        "--Tier:IdleAliveInterval=00:00:01",
        "--Tier:TransferTimeout=00:00:10",
        $"--Dapr:HttpEndpoint={ReachableFromNode(Sidecar.HttpPort)}",
        $"--Dapr:GrpcEndpoint={ReachableFromNode(Sidecar.GrpcPort)}",
        .. setup.NodeSettings,
    ];

    public async Task StartAsync(bool asProcess, CancellationToken cancellationToken)
    {
        if (asProcess)
        {
            Process = await HostProcess.StartAsync(
                "Federated.AggregatorHost.dll", Arguments, "Listening:", cancellationToken, setup.Networks?.Prefix(index));
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
        _proxies.ForEach(proxy => proxy.Dispose());
    }

    /// <summary>A port of this machine, as the node reaches it.</summary>
    private string ReachableFromNode(int port) => setup.Networks is { } networks
        ? Keep(new TcpProxy(port, IPAddress.Parse(networks.HostFor(index)))).Address
        : $"http://127.0.0.1:{port}";

    private TcpProxy Keep(TcpProxy proxy)
    {
        _proxies.Add(proxy);
        return proxy;
    }
}
