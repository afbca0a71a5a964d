using System.Collections.Concurrent;
using Federated.Coordination.Persistence;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.Tier;

namespace Federated.Server.Tier;

/// <summary>The aggregation tier of processes of their own: events go out and come in over the bus, partials by streamed calls.</summary>
internal sealed class DistributedAggregationTier(TierParts parts, RevocationNews revocations, ILogger<DistributedAggregationTier> logger) : IAggregationTier, IAsyncDisposable
{
    private readonly ConcurrentDictionary<RoundKey, TierRoundDriver> _rounds = new();
    private readonly ConcurrentDictionary<(string Tenant, string Job), RoundEnded> _ended = new();
    private readonly List<IAsyncDisposable> _subscriptions = [];
    private volatile IReadOnlySet<JobKey>? _active;

    /// <summary>Hears the nodes from now on.</summary>
    public void Start()
    {
        parts.Nodes.Changed += SignalAll;
        revocations.Start();
        Listen<NodeJoined>(parts.Nodes.Joined);
        _subscriptions.Add(parts.Bus.Subscribe<NodeAlive>(AliveAsync, parallelism: 8));
        Listen<NodeLeft>(parts.Nodes.Left);
        Listen<RoundReady>(Take);
        _subscriptions.Add(parts.Bus.Subscribe<UpdatesStored>(TakeAsync, parallelism: 8));
        Listen<ClosingDelayed>(Take);
        Listen<PartialReady>(Take);
        Listen<AggregateReady>(Take);
    }

    public async Task<RoundRecovery> OpenRoundAsync(RoundPlan plan, IUpdateSink sink, CancellationToken cancellationToken)
    {
        if (plan.IsMean && !plan.HandedOver.IsDefaultOrEmpty)
        {
            throw new InvalidOperationException(
                $"Round {plan.Key} averages and wants the section {plan.HandedOver[0]} of every update besides, which the nodes of a distributed tier do not send. Run the job on a server with Tier:Mode=Embedded.");
        }

        // A node that did not hear of the end of the job's last round, because its sidecar was away, hears of it now.
        if (_ended.TryRemove((plan.Key.TenantId, plan.Key.JobId), out RoundEnded? ended))
        {
            await parts.Bus.PublishAsync(ended, cancellationToken);
        }

        return await _rounds.GetOrAdd(plan.Key, Drive).OpenAsync(plan, sink, cancellationToken);
    }

    public string GatewayOf(RoundKey key, string assignmentId, int number) =>
        _rounds.TryGetValue(key, out TierRoundDriver? driver) ? driver.Round.NodeOf(assignmentId, number).Gateway : "";

    public Task<RoundAggregate> CloseRoundAsync(RoundKey key, CancellationToken cancellationToken) =>
        _rounds.TryGetValue(key, out TierRoundDriver? driver)
            ? driver.CloseAsync("the round is closing.", cancellationToken)
            : throw new InvalidOperationException($"Round {key} is not open on the tier.");

    public Task AbandonRoundAsync(RoundKey key, string reason, CancellationToken cancellationToken) =>
        EndAsync(key, isCommitted: false, reason, cancellationToken);

    public Task ForgetRoundAsync(RoundKey key, CancellationToken cancellationToken) =>
        EndAsync(key, isCommitted: true, "its model version has been made.", cancellationToken);

    /// <summary>From now on a node that holds a round which is over is told so, as often as it says that it holds it.</summary>
    public Task ForgetEndedJobsAsync(IReadOnlySet<JobKey> active, CancellationToken cancellationToken)
    {
        _active = active;
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        parts.Nodes.Changed -= SignalAll;
        revocations.Stop();
        foreach (IAsyncDisposable subscription in _subscriptions)
        {
            await subscription.DisposeAsync();
        }

        _subscriptions.Clear();
        foreach (TierRoundDriver driver in _rounds.Values)
        {
            await driver.DisposeAsync();
        }
    }

    private TierRoundDriver Drive(RoundKey key) => new(new TierRound(key, parts.Nodes, parts.Options, parts.Time), parts, logger);

    private async Task EndAsync(RoundKey key, bool isCommitted, string reason, CancellationToken cancellationToken)
    {
        parts.Trees.Ended(key);

        // The key of a round that has ended is never used again, so no writer can come after this one.
        var ended = new RoundEnded(key, ulong.MaxValue, isCommitted, reason);
        if (_rounds.TryGetValue(key, out TierRoundDriver? driver))
        {
            await driver.DisposeAsync();
        }

        await parts.Bus.PublishAsync(ended, cancellationToken);
        await parts.State.DeleteAsync(TierRoundDriver.StateKeyOf(key), cancellationToken);
        _ended[(key.TenantId, key.JobId)] = ended;
        _rounds.TryRemove(key, out _);
    }

    private void Listen<TEvent>(Action<TEvent> handler)
        where TEvent : class =>
        _subscriptions.Add(parts.Bus.Subscribe<TEvent>(
            (message, _) =>
            {
                handler(message);
                return ValueTask.CompletedTask;
            },
            parallelism: 8));

    private async ValueTask AliveAsync(NodeAlive alive, CancellationToken cancellationToken)
    {
        await parts.Nodes.AliveAsync(alive, cancellationToken);
        await revocations.TellAsync(alive.Revocations, cancellationToken);
        foreach (HeldRound held in alive.Rounds ?? [])
        {
            if (_rounds.TryGetValue(held.Key, out TierRoundDriver? driver))
            {
                driver.Round.Compare(alive, held);
            }
            else if (IsOver(held.Key))
            {
                await parts.Bus.PublishAsync(new RoundEnded(held.Key, ulong.MaxValue, IsCommitted: false, "the round is over."), cancellationToken);
            }
        }
    }

    /// <summary>
    /// Whether nobody will open a round again that is not open now. One of a job that was active when this process started may wait for its
    /// coordinator; another round of the job proves that it is over, because a job has one at a time.
    /// </summary>
    private bool IsOver(RoundKey key) =>
        _active is { } active
        && (!active.Contains(new JobKey(key.TenantId, key.JobId))
            || _ended.ContainsKey((key.TenantId, key.JobId))
            || _rounds.Keys.Any(other => other.TenantId == key.TenantId && other.JobId == key.JobId));

    private void Take(RoundReady ready)
    {
        parts.Nodes.Heard(ready.NodeId, ready.Incarnation);
        if (_rounds.TryGetValue(ready.Key, out TierRoundDriver? driver))
        {
            driver.Round.Take(ready);
        }
    }

    private async ValueTask TakeAsync(UpdatesStored stored, CancellationToken cancellationToken)
    {
        parts.Nodes.Heard(stored.NodeId, stored.Incarnation);
        if (_rounds.TryGetValue(stored.Key, out TierRoundDriver? driver))
        {
            await driver.TellAsync(stored.NodeId, driver.Round.Take(stored), cancellationToken);
        }
    }

    private void Take(ClosingDelayed delayed)
    {
        if (_rounds.TryGetValue(delayed.Key, out TierRoundDriver? driver))
        {
            driver.Round.Take(delayed);
        }
    }

    private void Take(PartialReady ready)
    {
        if (_rounds.TryGetValue(ready.Key, out TierRoundDriver? driver))
        {
            driver.Round.Take(ready);
        }
    }

    private void Take(AggregateReady ready)
    {
        if (_rounds.TryGetValue(ready.Key, out TierRoundDriver? driver))
        {
            driver.Round.Take(ready);
        }
    }

    private void SignalAll()
    {
        foreach (TierRoundDriver driver in _rounds.Values)
        {
            driver.Round.Signal();
        }
    }
}
