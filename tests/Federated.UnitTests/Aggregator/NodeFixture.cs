using System.Buffers;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Federated.Aggregator;
using Federated.Aggregator.Events;
using Federated.Aggregator.Ingest;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Tickets;
using Federated.Protocol.V1;
using Federated.UnitTests.Storage;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Federated.UnitTests.Aggregator;

/// <summary>Starts nodes on one folder, one after another, and makes tickets and updates for them. At the end no slot may be leased.</summary>
public abstract class NodeFixture : IAsyncDisposable
{
    protected const int Elements = 1000;
    protected const string Device = "device-1";

    private static readonly byte[] SchemaHash = SHA256.HashData("schema"u8);

    private readonly TemporaryFolder _folder = new();
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly TicketSigner _signer;
    private readonly List<AggregatorNode> _nodes = [];
    private readonly AggregatorMetrics _metrics = new();

    protected NodeFixture()
    {
        _signer = new TicketSigner(_key, "key");
        Options = new AggregatorNodeOptions
        {
            Directory = _folder.At("node"),
            PoolDirectory = _folder.At("pool"),
            SlotCount = 4,
            SlotBytes = 64 * 1024,
            MaxWorkers = 2,
            LeavesPerRound = 2,
        };
    }

    protected AggregatorNodeOptions Options { get; }

    protected FakeTimeProvider Time { get; } = new();

    protected List<UpdateCommitted> Stored { get; } = [];

    protected string NodeFolder => Options.Directory;

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected static SectionSpec Delta { get; } =
        SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, Elements, SectionDenominator.Weight);

    public async ValueTask DisposeAsync()
    {
        foreach (AggregatorNode node in _nodes)
        {
            await node.DisposeAsync();
        }

        _metrics.Dispose();
        _key.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    protected Task<AggregatorNode> StartAsync(IEventBus? bus = null) => StartAsync(Options, bus);

    /// <summary>A further node of the same fixture, with folders of its own.</summary>
    protected Task<AggregatorNode> StartAsync(string nodeId) => StartAsync(
        new AggregatorNodeOptions
        {
            NodeId = nodeId,
            Directory = _folder.At(nodeId),
            PoolDirectory = Options.PoolDirectory,
            SlotCount = Options.SlotCount,
            SlotBytes = Options.SlotBytes,
            MaxWorkers = Options.MaxWorkers,
            LeavesPerRound = Options.LeavesPerRound,
        },
        bus: null);

    private async Task<AggregatorNode> StartAsync(AggregatorNodeOptions options, IEventBus? bus)
    {
        Directory.CreateDirectory(options.PoolDirectory!);
        var node = new AggregatorNode(
            Microsoft.Extensions.Options.Options.Create(options), new TicketVerifier(_key, "key", Time),
            bus ?? new InProcessEventBus(NullLogger<InProcessEventBus>.Instance), _metrics, Time, NullLoggerFactory.Instance);
        _nodes.Add(node);
        await node.StartAsync(Cancellation);
        return node;
    }

    protected static RoundPlan Plan(int round = 1, ulong epoch = 1, string durability = "journal", params SectionSpec[] sections) => new(
        new RoundKey("default", "job", round, TaskKind.Train), epoch, Convert.ToHexStringLower(SchemaHash),
        [.. sections.Length == 0 ? [Delta] : sections], "mean", 64 * 1024, 10, durability);

    protected UpdateTicket Ticket(RoundPlan plan, string assignment, string role = "")
    {
        var ticket = new UpdateTicket
        {
            Version = 1,
            TenantId = plan.Key.TenantId,
            JobId = plan.Key.JobId,
            Round = (uint)plan.Key.Round,
            Kind = plan.Key.Kind,
            AssignmentId = assignment,
            DeviceId = Device,
            SchemaHash = ByteString.CopyFrom(SchemaHash),
            MaxWeight = 1000,
            MaxSteps = 100,
            MaxBytes = 64 * 1024,
            ExpiresAtMs = Time.GetUtcNow().AddHours(1).ToUnixTimeMilliseconds(),
            WriterEpoch = plan.WriterEpoch,
            Role = role,
        };
        ticket.Sections.AddRange(plan.FormOf(role).Select(section => plan.Sections[section]));
        return ticket;
    }

    protected UpdateHeader Header(UpdateTicket ticket, ReadOnlySpan<byte> payload, double weight = 1)
    {
        var header = new UpdateHeader
        {
            Ticket = _signer.Sign(ticket),
            Weight = weight,
            LocalSteps = 3,
            Checksum = XxHash3.HashToUInt64(payload),
            TrainingLoss = double.NaN,
        };
        header.Sections.AddRange(ticket.Sections.Select(SectionSpecs.DenseHeader));
        return header;
    }

    /// <summary>A payload of the round's first section whose values follow from <paramref name="seed"/>.</summary>
    protected static byte[] Payload(int seed)
    {
        var values = new float[Elements];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = MathF.Sin((seed * 7919) + i);
        }

        return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
    }

    protected static DeviceCaller Caller { get; } = new("default", Device);

    protected async Task<UploadResult> UploadAsync(
        AggregatorNode node, RoundPlan plan, string assignment, byte[] payload, double weight = 1, string role = "")
    {
        UploadAdmission admission = node.Ingest.Begin(Header(Ticket(plan, assignment, role), payload, weight), Caller);
        if (admission.Session is not { } session)
        {
            return admission.Result;
        }

        using (session)
        {
            session.Append(new ReadOnlySequence<byte>(payload));
            return await session.CompleteAsync();
        }
    }

    protected Task<Federated.Aggregator.Rounds.ReopenedRound> OpenAsync(AggregatorNode node, RoundPlan plan) =>
        node.OpenRoundAsync(plan, Stored.Add, Cancellation);

    /// <summary>All slots are free again and nobody holds one.</summary>
    protected static void AssertPoolIsFree(AggregatorNode node)
    {
        Assert.Equal(0, node.LiveLeases);
        Assert.Equal(node.Slots.SlotCount, node.Slots.Free);
    }
}
