using Federated.Coordination.Algorithms;
using Federated.Coordination.Persistence;
using Federated.Coordination.Tier;
using Federated.Protocol.Tickets;
using Federated.Storage.Blobs;

namespace Federated.Coordination.Jobs;

/// <summary>What the coordinators of all jobs share.</summary>
/// <param name="Store">Durable facts.</param>
/// <param name="Tier">Takes updates in and sums them.</param>
/// <param name="Blobs">Model versions and algorithm states.</param>
/// <param name="Algorithms">Server halves by name.</param>
/// <param name="Signer">Signs tickets.</param>
/// <param name="Options">Settings.</param>
/// <param name="Time">The clock.</param>
/// <param name="Metrics">The instruments.</param>
internal sealed record CoordinatorServices(
    IJobStore Store,
    IAggregationTier Tier,
    IBlobStore Blobs,
    ServerAlgorithms Algorithms,
    TicketSigner Signer,
    CoordinationOptions Options,
    TimeProvider Time,
    CoordinationMetrics Metrics);
