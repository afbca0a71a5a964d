using System.Text.Json.Nodes;
using Federated.Client.Participation;
using Federated.Client.Sessions;
using Federated.Client.Training;
using Federated.DaprSidecar;
using Federated.DaprSidecar.Delivery;
using Federated.DaprSidecar.Faults;
using Federated.FunctionalTests.Client;
using Federated.FunctionalTests.Server;
using Federated.Server.Configuration;
using Grpc.Net.Client;
using Microsoft.Data.Sqlite;

namespace Federated.FunctionalTests.Tier;

/// <summary>A server with a distributed tier, its nodes, the sidecar of all of them, and SDK devices that each shift the model by a number of their own.</summary>
internal sealed class TierWorld : IAsyncDisposable
{
    public const string TierKey = "functional-test-tier-key";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("federated-tier-");
    private readonly int _restPort = TestPorts.Next();
    private readonly int _grpcPort = TestPorts.Next();
    private readonly SidecarApp _serverSidecar = new("coordinator", null, TestPorts.Next(), TestPorts.Next());
    private readonly TierAdministrator _administrator;
    private readonly List<SdkDevice> _devices = [];
    private readonly Signal _happened = new();
    private readonly Dictionary<SdkDevice, float> _shifts = [];
    private readonly ManualResetEventSlim _released = new();
    private string _jobId = "";
    private TierJob? _job;
    private readonly TierSetup _setup;
    private readonly CancellationTokenSource _over = new();
    private Task _supervising = Task.CompletedTask;
    private HostProcess? _server;

    private TierWorld(TierSetup setup)
    {
        _setup = setup;
        _administrator = new TierAdministrator(_restPort);
        Nodes = [.. Enumerable.Range(0, setup.Nodes)
            .Select(i => new TierNode($"node-{i + 1}", i, setup, _folder.FullName, Path.Combine(ServerFolder, "keys")))];
    }

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public IReadOnlyList<TierNode> Nodes { get; }

    public DevelopmentSidecar? Sidecar { get; private set; }

    public IReadOnlyList<SdkDevice> Devices => _devices;

    public DatabaseOptions Database => new() { ConnectionString = $"Data Source={Path.Combine(ServerFolder, "federated.db")}" };

    private string ServerFolder => Path.Combine(_folder.FullName, "server");

    public string ModelFolder => Path.Combine(ServerFolder, "models");

    public string Grpc => $"http://127.0.0.1:{_grpcPort}";

    /// <summary>The sidecar, when it runs in a process of its own.</summary>
    public HostProcess? SidecarProcess { get; private set; }

    /// <summary>How often the sidecar was started in a process of its own.</summary>
    public int SidecarStarts { get; private set; }

    public static async Task<TierWorld> StartAsync(TierSetup setup)
    {
        var world = new TierWorld(setup);
        try
        {
            if (setup.SidecarProcess is { } arguments)
            {
                await world.StartSidecarProcessAsync(arguments);
                world._supervising = world.SuperviseSidecarAsync(arguments);
            }
            else
            {
                await world.StartSidecarAsync(setup.Faults);
            }

            await world.StartServerAsync();
            await Task.WhenAll(world.Nodes.Select(node => node.StartAsync(setup.AsProcesses, Cancellation)));
            if (setup.AwaitsNodes)
            {
                await Poll.UntilAsync(async () => await world._administrator.CountNodesAsync() == world.Nodes.Count, Cancellation)
                    .WaitAsync(Patience, Cancellation);
            }

            return world;
        }
        catch (Exception exception)
        {
            string report = world.Report();
            await world.DisposeAsync();
            throw new InvalidOperationException($"{exception.Message}\n{report}", exception);
        }
    }

    /// <summary>Lets a test work with a world, and adds what everybody said to the message when it fails.</summary>
    public static async Task WithAsync(TierSetup setup, Func<TierWorld, Task> test)
    {
        await using TierWorld world = await StartAsync(setup);
        try
        {
            await test(world);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{exception.Message}\n{exception.StackTrace}\n{world.Report()}", exception);
        }
    }

    public async Task StartSidecarAsync(FaultSettings faults)
    {
        Sidecar = await DevelopmentSidecar.StartAsync(
            new SidecarOptions
            {
                Apps = [_serverSidecar with { Address = new Uri($"http://127.0.0.1:{_restPort}") }, .. Nodes.Select(node => node.App)],
                Retry = new RetryPolicy(TimeSpan.FromMilliseconds(100), 100),
                Faults = faults,
            },
            Cancellation);
    }

    public async Task StopSidecarAsync()
    {
        await Sidecar!.DisposeAsync();
        Sidecar = null;
    }

    public async Task StartServerAsync()
    {
        _server = await HostProcess.StartAsync(
            "Federated.Server.dll",
            [
                "--environment=Production",
                $"--Data:Directory={ServerFolder}",
                $"--Endpoints:Rest=http://127.0.0.1:{_restPort}",
                $"--Endpoints:Grpc={Grpc}",
                $"--Admin:Key={TierAdministrator.Key}",
                "--Identity:FirstTokenUses=0",
                "--Coordination:RestartDelay=00:00:00.2",
                "--Tier:Mode=Distributed",
                $"--Tier:Key={TierKey}",
                $"--Tier:NodeLossAfter={_setup.NodeLossAfter}",
                "--Tier:RepeatAfter=00:00:00.5",
                "--Tier:SpoolWait=00:01:00",
                $"--Tier:CloseTimeout={_setup.CloseTimeout}",
                $"--Dapr:HttpEndpoint=http://127.0.0.1:{_serverSidecar.HttpPort}",
                $"--Dapr:GrpcEndpoint=http://127.0.0.1:{_serverSidecar.GrpcPort}",
                .. _setup.ServerSettings,
            ],
            "Listening:",
            Cancellation);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillServerAsync()
    {
        await _server!.KillAsync();
        await _server.DisposeAsync();
        _server = null;
    }

    /// <summary>Creates a job and a device for each shift; the devices run until the job ends.</summary>
    /// <returns>The end of all devices.</returns>
    public async Task<Task> RunAsync(TierJob job)
    {
        _job = job;
        string token = await CreateJobAsync(new
        {
            name = "tier",
            linear = new { features = job.Features, outputs = job.Outputs },
            rounds = job.Rounds,
            local = new { epochs = 0, steps = 1 },
            round = new
            {
                cohortSize = job.Shifts.Length,
                reportGoal = job.Shifts.Length,
                minimumToClose = job.Minimum,

                // Longer than any test waits: no round is to need its deadline, or to begin without a device that is late.
                deadlineSeconds = 600,
                selectionSeconds = 600,
                maxAbandoned = 100,
            },
            aggregation = job.Aggregation ?? new { durability = job.Durability, timing = job.Timing },
            compression = job.Compression ?? new { },
        });
        foreach (float shift in job.Shifts)
        {
            _shifts.Add(AddDevice(token, SolverOf(job, shift, isHeld: _devices.Count == 0)), shift);
        }

        return RunDevicesAsync();
    }

    /// <summary>Creates any job.</summary>
    /// <returns>An enrolment token for its devices.</returns>
    public async Task<string> CreateJobAsync(object definition)
    {
        string token = await _administrator.CreateTokenAsync(uses: 100);
        _jobId = await _administrator.CreateJobAsync(definition);
        return token;
    }

    /// <summary>Adds a device of the job.</summary>
    public SdkDevice AddDevice(string token, ILocalSolver solver, IParticipationPolicy? participation = null)
    {
        var device = new SdkDevice(Grpc, token, _jobId, Path.Combine(_folder.FullName, $"device-{_devices.Count}"), solver, participation: participation);
        device.Happened += _ => _happened.Raise();
        _devices.Add(device);
        return device;
    }

    /// <returns>The end of all devices.</returns>
    public Task RunDevicesAsync() => Task.WhenAll(_devices.Select(device => device.RunAsync(Cancellation)));

    /// <summary>A device that speaks the protocol by hand and has an access token.</summary>
    public async Task<TestDevice> EnrolAsync()
    {
        string token = await _administrator.CreateTokenAsync(uses: 1);
        using var channel = GrpcChannel.ForAddress(Grpc);
        TestDevice device = await TestDevice.EnrolAsync(channel, token);
        await device.AuthenticateAsync();
        return device;
    }

    public Task RevokeAsync(TestDevice device) => _administrator.RevokeAsync(device.DeviceId);

    /// <summary>Lets the device go on that was held.</summary>
    public void Release() => _released.Set();

    /// <summary>Waits until all updates of a round are stored but that of the held device, and gives the round's tree as REST shows it.</summary>
    public Task<JsonObject> UntilOneIsMissingAsync(int round, Task running) => Poll.ForAsync(
        async () =>
        {
            Assert.False(running.IsCompleted, $"The job ended before round {round} was nearly complete. {running.Exception}");
            return await _administrator.FindTreeAsync(_jobId, round) is { } live && live["nodes"]!.AsArray().Sum(node => (int)node!["stored"]!) == _devices.Count - 1 ? live : null;
        },
        Cancellation);

    /// <summary>Waits until the round goes on in a later tree than that.</summary>
    public Task UntilReplannedAsync(int round, JsonObject tree) => Poll.UntilAsync(
        async () => await _administrator.FindTreeAsync(_jobId, round) is { } live && (int)live["revision"]! > (int)tree["revision"]!, Cancellation);

    /// <summary>Waits until a node in this process holds nothing of any round. It logs the end of each when it holds nothing of it any more.</summary>
    public static Task UntilEmptyAsync(TierNode node) => node.Logs.UntilAsync(
        () => node.Inside is { LiveLeases: 0 } inside && inside.HeldRounds().Count == 0 && inside.Slots.Free == inside.Slots.SlotCount, Cancellation);

    /// <summary>Waits until no node of the latest tree of a round has more leaves than that.</summary>
    /// <returns>The most leaves of a node in each tree of the round, in the order of their revisions.</returns>
    public Task<int[]> UntilLeavesAsync(int round, int leaves) => Poll.ForAsync(
        async () => await _administrator.FindLeavesAsync(_jobId, round) is [.., var last] all && last <= leaves ? all : null, Cancellation);

    /// <summary>What REST tells of the updates of a round: coefficient and score, in the order of their assignment ids.</summary>
    public Task<IReadOnlyList<(double? Coefficient, double Trust)>> TrustAsync(int round) => _administrator.TrustAsync(_jobId, round);

    /// <summary>Compares the versions of the job with what they must be; see <see cref="ShiftOracle.CheckAsync"/>.</summary>
    /// <returns>How many updates each training round counted.</returns>
    public Task<IReadOnlyList<int>> CheckAsync() => NewOracle().CheckAsync();

    /// <summary>Updates of a round as the devices made them, in the order of their assignment ids.</summary>
    public Task<IReadOnlyList<float[]>> UpdatesAsync(int round) => NewOracle().UpdatesAsync(round);

    /// <summary>Waits until a device sees an event of that kind in that round for the first time.</summary>
    public async Task<SdkDevice> UntilAsync(DeviceEventKind kind, int round, Task running)
    {
        SdkDevice? Find() => _devices.FirstOrDefault(device => device.Events.Any(what => what.Kind == kind && what.Round == round));
        await UntilHappenedAsync(() => Find() is not null, running);
        return Find()!;
    }

    /// <summary>Waits until so many devices satisfy a condition.</summary>
    public Task UntilAllAsync(int count, Func<SdkDevice, bool> condition, Task running) => UntilHappenedAsync(() => _devices.Count(condition) >= count, running);

    /// <summary>What server and nodes said, for the message of a failed test.</summary>
    public string Report() =>
        $"--- sidecar, started {SidecarStarts} times\n{SidecarProcess?.Output}\n--- server\n{_server?.Output}\n{string.Join('\n', Nodes.Select(node => $"--- {node.Id}\n{node.Process?.Output}{node.Logs.Text}"))}";

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _supervising;
        foreach (TierNode node in Nodes)
        {
            await node.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        if (Sidecar is not null)
        {
            await Sidecar.DisposeAsync();
        }

        if (SidecarProcess is not null)
        {
            await SidecarProcess.DisposeAsync();
        }

        SqliteConnection.ClearAllPools();
        _administrator.Dispose();
        _released.Dispose();
        _over.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>Waits until what devices were told makes a condition hold.</summary>
    private async Task UntilHappenedAsync(Func<bool> condition, Task running)
    {
        Task happened = _happened.UntilAsync(condition, Cancellation);
        if (await Task.WhenAny(happened, running) == running)
        {
            Assert.True(condition(), $"The job ended before. {running.Exception}");
            return;
        }

        await happened;
    }

    private async Task StartSidecarProcessAsync(string[] arguments)
    {
        SidecarApp[] apps = [_serverSidecar with { Address = new Uri($"http://127.0.0.1:{_restPort}") }, .. Nodes.Select(node => node.App)];
        SidecarStarts++;
        SidecarProcess = await HostProcess.StartAsync(
            "Federated.DaprSidecar.dll",
            [.. apps.SelectMany(app => new[] { "--app", $"{app.Id},app={app.Address},http={app.HttpPort},grpc={app.GrpcPort}" }), "--retries", "100", .. arguments],
            $"Sidecar of {apps[^1].Id}",
            Cancellation);
    }

    /// <summary>What a container platform does: starts the sidecar again whenever it has ended.</summary>
    private async Task SuperviseSidecarAsync(string[] arguments)
    {
        while (!_over.IsCancellationRequested)
        {
            await Task.WhenAny(SidecarProcess!.Ended, Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _over.Token));
            if (!_over.IsCancellationRequested)
            {
                await SidecarProcess.DisposeAsync();
                await StartSidecarProcessAsync(arguments);
            }
        }
    }

    private ShiftOracle NewOracle() => new(_job!, _shifts, Database, ModelFolder);

    private StubSolver SolverOf(TierJob job, float shift, bool isHeld)
    {
        int round = 0;
        return new StubSolver((job.Features * job.Outputs) + job.Outputs, local =>
        {
            if (++round == job.HoldInRound && isHeld)
            {
                _released.Wait(Cancellation);
            }

            job.Apply(local, shift);
        });
    }
}
