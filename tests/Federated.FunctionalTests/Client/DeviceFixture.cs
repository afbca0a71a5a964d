using System.Threading.Channels;
using Federated.Client;
using Federated.Client.Participation;
using Federated.Client.Sessions;

namespace Federated.FunctionalTests.Client;

/// <summary>A fake server, a data folder, and devices on them.</summary>
internal sealed class DeviceFixture : IAsyncDisposable
{
    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly Channel<DeviceEvent> _events = Channel.CreateUnbounded<DeviceEvent>();
    private readonly FakeServer _server;

    private DeviceFixture(FakeWorld world, FakeServer server)
    {
        World = world;
        _server = server;
        Options = OptionsFor(server.Address);
        _limit.CancelAfter(TimeSpan.FromMinutes(3));
    }

    public FakeWorld World { get; }

    /// <summary>Ends a test that hangs.</summary>
    public CancellationToken Limit => _limit.Token;

    public FederatedClientOptions Options { get; }

    /// <summary>Everything that happened so far, in order.</summary>
    public List<DeviceEvent> Seen { get; } = [];

    public string DataFolder { get; } = Directory.CreateTempSubdirectory("federated-device-").FullName;

    public static async Task<DeviceFixture> StartAsync(int parameters = 8)
    {
        var world = new FakeWorld(parameters);
        return new DeviceFixture(world, await FakeServer.StartAsync(world, TestContext.Current.CancellationToken));
    }

    public FederatedDevice NewDevice(
        TimeProvider? timeProvider = null, IParticipationPolicy? participation = null, IDeviceConditions? conditions = null)
    {
        var device = new FederatedDevice(Options, timeProvider: timeProvider, participation: participation, conditions: conditions);
        device.Happened += (_, what) =>
        {
            lock (Seen)
            {
                Seen.Add(what);
            }

            _events.Writer.TryWrite(what);
        };
        return device;
    }

    public Task<SessionSummary> RunAsync(StubSolver? solver = null, TimeProvider? timeProvider = null) =>
        NewDevice(timeProvider).RunAsync(solver ?? StubSolver.PlusOne(), Limit);

    /// <summary>Waits for the next event of a kind; earlier ones are passed over.</summary>
    public async Task<DeviceEvent> NextAsync(DeviceEventKind kind)
    {
        await foreach (DeviceEvent what in _events.Reader.ReadAllAsync(Limit))
        {
            if (what.Kind == kind)
            {
                return what;
            }
        }

        throw new InvalidOperationException($"The device ended without {kind}.");
    }

    /// <summary>Waits until the device has so many bytes of a model.</summary>
    public async Task NextDownloadedAsync(long bytes)
    {
        while ((await NextAsync(DeviceEventKind.Downloading)).BytesDone < bytes)
        {
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        World.Dispose();
        _limit.Dispose();
        Directory.Delete(DataFolder, recursive: true);
    }

    private FederatedClientOptions OptionsFor(Uri address)
    {
        var options = new FederatedClientOptions
        {
            Server = address,
            EnrolmentToken = FakeWorld.EnrolmentToken,
            DataFolder = DataFolder,
            DisplayName = "test",
            KeepPendingOnDisk = true,
        };
        options.JobIds.Add(FakeWorld.Job);
        options.Retry.BaseDelay = TimeSpan.FromMilliseconds(10);
        options.Retry.MaxDelay = TimeSpan.FromMilliseconds(20);
        options.Retry.GiveUpAfter = TimeSpan.FromMinutes(2);
        options.Retry.CircuitBreak = TimeSpan.FromMilliseconds(500);
        return options;
    }
}
