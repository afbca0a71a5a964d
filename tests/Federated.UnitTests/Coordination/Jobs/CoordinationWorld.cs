using System.Collections.Concurrent;
using System.Security.Cryptography;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Tickets;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>A coordinator with everything around it in memory, and devices that train three parameters. Time stands still unless a test moves it.</summary>
internal sealed class CoordinationWorld : IAsyncDisposable
{
    public const string Tenant = "default";

    private static readonly ECDsa Key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public CoordinationWorld(JobDefinition? definition = null)
    {
        Definition = definition ?? new JobDefinition
        {
            Rounds = 3,
            Round = new() { CohortSize = 3, MinimumToClose = 3 },
            Evaluation = new() { EveryRounds = 2 },
            Statistics = new() { Kinds = ["features"], EveryRounds = 2, Features = 3 },
            ServerOptimizer = new() { Name = "momentum" },
        };
        Store = new InMemoryJobStore(Faults);
        Tier = new InMemoryTier(Faults);
        Blobs = new InMemoryBlobStore(Faults);
        Directory = NewDirectory();
    }

    public static ModelSchema Schema { get; } = new([new TensorSpec("w", [3L])]);

    public JobDefinition Definition { get; }

    public FaultInjector Faults { get; } = new();

    public CoordinationMetrics Metrics { get; } = new();

    /// <summary>The codecs that devices say they know.</summary>
    public SectionCodec[] Codecs { get; set; } = [SectionCodec.Dense, SectionCodec.Frame];

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));

    public InMemoryJobStore Store { get; }

    public InMemoryTier Tier { get; }

    public InMemoryBlobStore Blobs { get; }

    public JobDirectory Directory { get; private set; }

    public JobKey Job { get; private set; }

    /// <summary>Every final disposition that a device was told, by assignment.</summary>
    public ConcurrentDictionary<string, DispositionKind> Told { get; } = new();

    public CancellationToken Cancel { get; } = TestContext.Current.CancellationToken;

    public async Task<JobKey> CreateJobAsync()
    {
        string blob = Blobs.Put(ModelFile.Write(new ModelContent(Schema, [1, 2, 3]))).ToString();
        CreateJobResult result = await Directory.CreateAsync(Tenant, Definition, blob, Cancel);
        Assert.Empty(result.Errors);
        return Job = result.Job!.Key;
    }

    /// <summary>The server stops and starts again on the same store.</summary>
    public async Task RestartAsync(Func<string, bool> isLost)
    {
        await Directory.DisposeAsync();
        Tier.Die(isLost);
        Directory = NewDirectory();
        await Directory.StartAsync(Cancel);
    }

    /// <summary>Devices work until the job ends.</summary>
    public async Task RunDevicesAsync(int count)
    {
        TestDevice[] devices = [.. Enumerable.Range(0, count).Select(number => new TestDevice(this, number))];
        Task all = Task.WhenAll(devices.Select(device => Task.Run(() => device.RunAsync(Cancel), Cancel)));
        try
        {
            await all.WaitAsync(TimeSpan.FromMinutes(2), Cancel);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"The job has not ended; the fault struck {Faults.StruckAt ?? "nowhere"}; {Directory.Progress(Job)}");
        }
    }

    /// <summary>Waits until the job's snapshot satisfies a condition; the loop gives way to the coordinator, it does not sleep.</summary>
    public async Task<JobProgress> UntilAsync(Func<JobProgress, bool> condition)
    {
        for (long attempt = 0; attempt < 5_000_000; attempt++)
        {
            if (Directory.Progress(Job) is { } progress && condition(progress))
            {
                return progress;
            }

            await Task.Yield();
        }

        throw new TimeoutException($"The job stays at {Directory.Progress(Job)}.");
    }

    public Task<CheckInReply> CheckInAsync(string device, uint waitMs = 60_000, params string[] held) =>
        CheckInAsync(device, [TaskKind.Train, TaskKind.Evaluate, TaskKind.Statistics], waitMs, held);

    public Task<CheckInReply> CheckInAsync(string device, TaskKind[] tasks, uint waitMs = 60_000, params string[] held)
    {
        var request = new CheckInRequest { SdkVersion = "0.1.0", WaitMs = waitMs, Capabilities = new DeviceCapabilities() };
        request.Capabilities.Tasks.AddRange(tasks);
        request.Capabilities.Codecs.AddRange(Codecs);
        request.PendingAssignments.AddRange(held);
        return Directory.Devices.CheckInAsync(new DeviceIdentity(Tenant, device), request, Cancel);
    }

    public async Task<DispositionKind> DispositionAsync(string device, string assignment, uint waitMs = 0) =>
        (await FateAsync(device, assignment, waitMs)).Kind;

    public async Task<UpdateDisposition> FateAsync(string device, string assignment, uint waitMs = 0)
    {
        var request = new DispositionRequest { WaitMs = waitMs };
        request.AssignmentIds.Add(assignment);
        return (await Directory.Devices.DispositionAsync(new DeviceIdentity(Tenant, device), request, Cancel)).Dispositions[0];
    }

    public ModelContent ModelOf(string blobId) => ModelFile.Read(Blobs.Read(blobId));

    public async ValueTask DisposeAsync()
    {
        await Directory.DisposeAsync();
        Metrics.Dispose();
    }

    private JobDirectory NewDirectory() => new(
        new CoordinatorServices(
            Store,
            Tier,
            Blobs,
            ServerAlgorithms.BuiltIn,
            new TicketSigner(Key, "test"),
            new CoordinationOptions { RestartDelay = TimeSpan.Zero },
            Time,
            Metrics),
        NullLoggerFactory.Instance);
}
