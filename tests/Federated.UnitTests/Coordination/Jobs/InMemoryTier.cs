using Federated.Coordination.Persistence;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>An aggregation tier in memory that keeps the contract of <see cref="IAggregationTier"/>. Sums in cohort order, so that results can be compared bit for bit.</summary>
internal sealed class InMemoryTier(FaultInjector faults) : IAggregationTier
{
    private readonly Lock _gate = new();
    private readonly Dictionary<RoundKey, OpenRound> _rounds = [];
    private readonly HashSet<RoundKey> _finished = [];

    /// <summary>Rounds of which something is still held.</summary>
    public int HeldRounds
    {
        get
        {
            lock (_gate)
            {
                return _rounds.Count;
            }
        }
    }

    public bool HandsOverBesideTheMean => true;

    /// <summary>The updates that a node holds which is lost at the next closing.</summary>
    public Func<string, bool> LosesAtClose { get; set; } = _ => false;

    /// <summary>When set, no round is opened or closed, and this is the reason.</summary>
    public string? Refusal { get; set; }

    public Task<RoundRecovery> OpenRoundAsync(RoundPlan plan, IUpdateSink sink, CancellationToken cancellationToken) =>
        faults.AroundAsync("tier.OpenRound", () =>
        {
            ThrowIfRefused();
            lock (_gate)
            {
                Assert.DoesNotContain(plan.Key, _finished);
                if (!_rounds.TryGetValue(plan.Key, out OpenRound? round))
                {
                    _rounds.Add(plan.Key, round = new OpenRound());
                }

                Assert.True(plan.WriterEpoch >= (round.Plan?.WriterEpoch ?? 0));
                round.Plan = plan;
                round.Sink = sink;
                round.IsOpen = true;
                var recovery = new RoundRecovery([.. round.Updates.Values.Select(update => update.Claim)], [.. round.Lost]);
                round.Lost.Clear();
                return recovery;
            }
        });

    public Task<RoundAggregate> CloseRoundAsync(RoundKey key, CancellationToken cancellationToken) =>
        faults.AroundAsync("tier.CloseRound", () =>
        {
            ThrowIfRefused();
            lock (_gate)
            {
                OpenRound round = _rounds[key];
                round.IsOpen = false;
                string[] lost = [.. round.Updates.Keys.Where(LosesAtClose)];
                if (lost.Length > 0)
                {
                    LosesAtClose = _ => false;
                    foreach (string id in lost)
                    {
                        round.Updates.Remove(id);
                    }

                    round.Sink!.OnLost(key, lost);
                }

                return Aggregate(round);
            }
        });

    /// <summary>Base address of the only node's gateway.</summary>
    public string Gateway { get; set; } = "";

    public string GatewayOf(RoundKey key, string assignmentId, int number) => Gateway;

    public Task AbandonRoundAsync(RoundKey key, string reason, CancellationToken cancellationToken) =>
        FinishAsync("tier.AbandonRound", key);

    public Task ForgetEndedJobsAsync(IReadOnlySet<JobKey> active, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            foreach (RoundKey key in _rounds.Keys.Where(key => !active.Contains(new JobKey(key.TenantId, key.JobId))).ToArray())
            {
                _rounds.Remove(key);
            }
        }

        return Task.CompletedTask;
    }

    public Task ForgetRoundAsync(RoundKey key, CancellationToken cancellationToken) => FinishAsync("tier.ForgetRound", key);

    /// <summary>What a device's upload does. False when the round is not open, or is a buffer that is full or does not want the update.</summary>
    public bool Upload(UpdateTicket ticket, double[] values, double weight, int steps = 5, CompressionFigures? compression = null)
    {
        var key = new RoundKey(ticket.TenantId, ticket.JobId, (int)ticket.Round, ticket.Kind);
        IUpdateSink sink;
        UpdateCommitted claim;
        lock (_gate)
        {
            OpenRound? round = FindFor(key);
            if (round is not { IsOpen: true } || (round.Plan!.IsBuffer && !IsTaken(round, ticket.AssignmentId)))
            {
                return false;
            }

            key = round.Plan!.Key;

            Assert.Equal((ulong)values.Length, ticket.Sections[0].ElementCount);
            if (round.Updates.ContainsKey(ticket.AssignmentId))
            {
                return true;
            }

            claim = new UpdateCommitted(
                key, ticket.AssignmentId, ticket.DeviceId, "node", "", values.Length * 4, 0, weight, steps, 0.5, 0.01, 1)
            {
                Compression = compression,
            };
            round.Updates.Add(ticket.AssignmentId, (claim, values, round.Arrivals++));
            sink = round.Sink!;
        }

        sink.OnStored(claim);

        // Delivery is at least once.
        sink.OnStored(claim);
        return true;
    }

    /// <summary>Whether a gateway would tell the device to come back: the buffer is full, or becomes a version at this moment.</summary>
    public bool MustComeBack(UpdateTicket ticket)
    {
        lock (_gate)
        {
            return FindFor(new RoundKey(ticket.TenantId, ticket.JobId, (int)ticket.Round, ticket.Kind)) is { Plan.IsBuffer: true } buffer
                && !buffer.Updates.ContainsKey(ticket.AssignmentId)
                && buffer.Sink!.Wants(ticket.AssignmentId);
        }
    }

    /// <summary>The node is lost and another one takes its place: the sink hears of every update of the round, stored or not.</summary>
    public void LoseNode(RoundKey key, string gateway, IReadOnlyList<string> assignmentIds)
    {
        IUpdateSink sink;
        lock (_gate)
        {
            Gateway = gateway;
            _rounds[key].Updates.Clear();
            sink = _rounds[key].Sink!;
        }

        sink.OnLost(key, assignmentIds);
    }

    /// <summary>The process dies: no round is open any more, and updates that were summed in memory only are gone.</summary>
    public void Die(Func<string, bool> isLost)
    {
        lock (_gate)
        {
            foreach (OpenRound round in _rounds.Values)
            {
                round.IsOpen = false;
                foreach (string id in round.Updates.Keys.Where(isLost).ToArray())
                {
                    round.Updates.Remove(id);
                    round.Lost.Add(id);
                }
            }
        }
    }

    /// <summary>The round of a ticket, or the newest buffer of its job.</summary>
    private OpenRound? FindFor(RoundKey key) =>
        _rounds.TryGetValue(key, out OpenRound? round) && round.Plan is { IsBuffer: false }
            ? round
            : _rounds.Values
                .Where(other => other.Plan!.IsBuffer && other.Plan.Key == key with { Round = other.Plan.Key.Round })
                .MaxBy(other => other.Plan!.Key.Round);

    private static bool IsTaken(OpenRound round, string assignmentId) =>
        round.Updates.ContainsKey(assignmentId) || (round.Updates.Count < round.Plan!.Capacity && round.Sink!.Wants(assignmentId));

    private static RoundAggregate Aggregate(OpenRound round)
    {
        if (round.Plan!.KeepsUpdates)
        {
            (UpdateCommitted Claim, double[] Values, int Order)[] kept = [.. round.Updates.Values.OrderBy(update => update.Order)];
            return new RoundAggregate([], [.. kept.Select(update => update.Claim)])
            {
                Kept = [.. kept.Select(update => new KeptSection(
                    update.Claim.AssignmentId, round.Plan.Sections[0].Role, [.. update.Values.Select(value => (float)value)]))],
            };
        }

        (UpdateCommitted Claim, double[] Values, int)[] updates = [.. round.Updates.Values.OrderBy(update => NumberOf(update.Claim.AssignmentId))];
        if (updates.Length == 0)
        {
            return new RoundAggregate([], []);
        }

        SectionSpec spec = round.Plan!.Sections[0];
        double[] sum = new double[spec.ElementCount];
        double divisor = spec.Denominator == SectionDenominator.Weight ? updates.Sum(update => update.Claim.Weight) : 1;
        foreach ((UpdateCommitted claim, double[] values, _) in updates)
        {
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += values[i] * (spec.Denominator == SectionDenominator.Weight ? claim.Weight : 1);
            }
        }

        double[] mean = [.. sum.Select(value => value / divisor)];
        AggregatedSection section = spec.Dtype == SectionDType.F64
            ? new AggregatedSection(spec, [], mean, divisor)
            : new AggregatedSection(spec, [.. mean.Select(value => (float)value)], [], divisor);
        return new RoundAggregate([section], [.. updates.Select(update => update.Claim)]);
    }

    private static int NumberOf(string assignmentId) =>
        int.Parse(assignmentId.AsSpan(assignmentId.LastIndexOf('-') + 1), System.Globalization.CultureInfo.InvariantCulture);

    private void ThrowIfRefused()
    {
        if (Refusal is not null)
        {
            throw new InvalidOperationException(Refusal);
        }
    }

    private Task<bool> FinishAsync(string call, RoundKey key) =>
        faults.AroundAsync(call, () =>
        {
            lock (_gate)
            {
                _finished.Add(key);
                return _rounds.Remove(key);
            }
        });

    private sealed class OpenRound
    {
        public RoundPlan? Plan { get; set; }

        public IUpdateSink? Sink { get; set; }

        public bool IsOpen { get; set; }

        public Dictionary<string, (UpdateCommitted Claim, double[] Values, int Order)> Updates { get; } = [];

        public int Arrivals { get; set; }

        public List<string> Lost { get; } = [];
    }
}
