using System.Buffers;
using System.Security.Cryptography;
using Federated.Aggregator;
using Federated.Aggregator.Events;
using Federated.Aggregator.Ingest;
using Federated.Benchmarks.Gateway;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tickets;
using Federated.Protocol.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Federated.Benchmarks.Tier;

/// <summary>A node without its transport: updates enter as the gateway's last step has them, and everything behind it is real.</summary>
internal sealed class TierNode : IAsyncDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("federated-tier-").FullName;
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly AggregatorMetrics _metrics = new();

    public TierNode(int elements, int slots, int workers, bool preTouch)
    {
        Update = new GatewayUpdate(elements, new TicketSigner(_key, GatewayServer.KeyId));
        var options = new AggregatorNodeOptions
        {
            Directory = Path.Combine(_folder, "node"),
            SlotCount = slots,
            SlotBytes = elements * sizeof(float),
            PreTouchSlots = preTouch,
            MaxWorkers = workers,
        };
        Node = new AggregatorNode(
            Options.Create(options), new TicketVerifier(_key, GatewayServer.KeyId, TimeProvider.System),
            new InProcessEventBus(NullLogger<InProcessEventBus>.Instance), _metrics, TimeProvider.System, NullLoggerFactory.Instance);
    }

    public AggregatorNode Node { get; }

    public GatewayUpdate Update { get; }

    /// <summary>Stores the update under an id; when the pool is full it waits for a slot.</summary>
    public async Task UploadAsync(string assignment, CancellationToken cancellationToken)
    {
        UpdateHeader header = Update.Header(assignment);
        while (true)
        {
            while (Node.Slots.Free == 0)
            {
                await Task.Delay(RetryDelay, TimeProvider.System, cancellationToken);
            }

            UploadAdmission admission = Node.Ingest.Begin(header, new DeviceCaller(GatewayUpdate.Tenant, GatewayUpdate.Device));
            if (admission.Session is { } session)
            {
                using (session)
                {
                    session.Append(new ReadOnlySequence<byte>(Update.Payload));
                    UploadResult result = await session.CompleteAsync();
                    if (!result.IsAccepted)
                    {
                        throw new InvalidOperationException(result.Message);
                    }
                }

                return;
            }
        }
    }

    /// <summary>Closes a round and throws unless its aggregate has every update.</summary>
    public async Task CloseAsync(RoundKey key, int updates, CancellationToken cancellationToken)
    {
        var closed = await Node.CloseRoundAsync(key, cancellationToken);
        if (closed.Included.Count != updates)
        {
            throw new InvalidOperationException($"The round has {closed.Included.Count} of {updates} updates.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Node.DisposeAsync();
        _metrics.Dispose();
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
