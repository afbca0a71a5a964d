using System.Collections.Concurrent;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>A job store in memory that keeps the contract of <see cref="IJobStore"/> and asserts that its callers do.</summary>
internal sealed class InMemoryJobStore(FaultInjector faults) : IJobStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<JobKey, JobRecord> _jobs = [];
    private readonly Dictionary<(JobKey Job, int Version), ModelVersionRecord> _versions = [];
    private readonly Dictionary<RoundKey, RoundRecord> _rounds = [];
    private readonly Dictionary<string, AssignmentRecord> _assignments = [];
    private readonly Dictionary<string, ClientFailureRecord> _failures = [];

    public IReadOnlyList<RoundRecord> Rounds
    {
        get
        {
            lock (_gate)
            {
                return [.. _rounds.Values];
            }
        }
    }

    public IReadOnlyList<AssignmentRecord> Assignments
    {
        get
        {
            lock (_gate)
            {
                return [.. _assignments.Values];
            }
        }
    }

    public IReadOnlyList<ClientFailureRecord> Failures
    {
        get
        {
            lock (_gate)
            {
                return [.. _failures.Values];
            }
        }
    }

    public IReadOnlyList<ModelVersionRecord> Versions
    {
        get
        {
            lock (_gate)
            {
                return [.. _versions.Values.OrderBy(version => version.Version)];
            }
        }
    }

    /// <summary>Rounds that were opened by a transaction of their own.</summary>
    public int OpenedAlone { get; private set; }

    /// <summary>Devices of any tenant that are revoked, by id, with the time.</summary>
    public ConcurrentDictionary<string, DateTimeOffset> Revoked { get; } = new(StringComparer.Ordinal);

    public JobRecord Job(JobKey key)
    {
        lock (_gate)
        {
            return _jobs[key];
        }
    }

    public Task<bool> CreateAsync(JobRecord job, ModelVersionRecord initial, CancellationToken cancellationToken) =>
        TransactionAsync(nameof(CreateAsync), () =>
        {
            _versions.Add((job.Key, initial.Version), initial);
            return _jobs.TryAdd(job.Key, job);
        });

    public Task<IReadOnlyList<JobKey>> ListActiveAsync(CancellationToken cancellationToken) =>
        TransactionAsync<IReadOnlyList<JobKey>>(nameof(ListActiveAsync), () =>
            [.. _jobs.Values.Where(job => job.Status is JobStatus.Running or JobStatus.Paused).Select(job => job.Key)]);

    public Task<JobSnapshot?> AcquireAsync(JobKey job, CancellationToken cancellationToken) =>
        TransactionAsync(nameof(AcquireAsync), () =>
        {
            if (!_jobs.TryGetValue(job, out JobRecord? record))
            {
                return null;
            }

            record = _jobs[job] = record with { WriterEpoch = record.WriterEpoch + 1 };
            RoundRecord[] rounds = [.. _rounds.Values.Where(round =>
                JobOf(round.Key) == job && (round.BaseVersion == record.CurrentVersion || round.Key.Round == record.CurrentVersion))];
            RoundKey? open = rounds.SingleOrDefault(round => round.State == RoundState.Open)?.Key;
            return new JobSnapshot(
                record,
                _versions[(job, record.CurrentVersion)],
                rounds,
                [.. _assignments.Values.Where(assignment => assignment.Round == open
                    || (JobOf(assignment.Round) == job && assignment.Disposition == AssignmentDisposition.Pending))],
                [.. _failures.Values.Where(failure => JobOf(failure.Round) == job)],
                _rounds.Values.Where(round => JobOf(round.Key) == job && round.Key.Kind == TaskKind.Statistics && round.State != RoundState.Open)
                    .OrderByDescending(round => round.Key.Round).TakeWhile(round => round.State == RoundState.Abandoned).Count());
        });

    public Task<StoreOutcome> OpenRoundAsync(
        WriterLease lease, RoundRecord round, IReadOnlyList<AssignmentRecord> assignments, CancellationToken cancellationToken) =>
        GuardedAsync(nameof(OpenRoundAsync), lease, () =>
        {
            OpenedAlone++;
            Open(lease.Job, round, assignments);
        });

    public Task<StoreOutcome> AddAssignmentsAsync(
        WriterLease lease, IReadOnlyList<AssignmentRecord> assignments, CancellationToken cancellationToken) =>
        GuardedAsync(nameof(AddAssignmentsAsync), lease, () => Insert(assignments));

    public Task<StoreOutcome> AddFailureAsync(WriterLease lease, ClientFailureRecord failure, CancellationToken cancellationToken) =>
        GuardedAsync(nameof(AddFailureAsync), lease, () => _failures.TryAdd(failure.AssignmentId, failure));

    public async Task<StoreOutcome> CommitRoundAsync(RoundCommit commit, Task blobs, CancellationToken cancellationToken)
    {
        await blobs;
        return await GuardedAsync(nameof(CommitRoundAsync), commit.Lease, () =>
        {
            Assert.Equal(RoundState.Open, _rounds[commit.Round].State);
            _rounds[commit.Round] = _rounds[commit.Round] with
            {
                State = RoundState.Closed,
                ClosedAt = commit.ClosedAt,
                Metrics = commit.Metrics,
                StatisticsBlobId = commit.StatisticsBlobId,
            };
            foreach (CountedUpdate counted in commit.Counted)
            {
                Settle(counted.AssignmentId, RoundOf(commit, counted.AssignmentId), AssignmentDisposition.Counted, null);
                _assignments[counted.AssignmentId] = _assignments[counted.AssignmentId] with
                {
                    ModelVersion = commit.Version?.Version ?? commit.Round.Round,
                    Update = counted,
                };
            }

            foreach (DiscardedUpdate discarded in commit.Discarded)
            {
                Settle(discarded.AssignmentId, RoundOf(commit, discarded.AssignmentId), AssignmentDisposition.Discarded, discarded.Reason);
            }

            Assert.DoesNotContain(_assignments.Values, assignment =>
                assignment.Round == commit.Round && !(commit.IsAsynchronous && commit.Round.Kind == TaskKind.Train) && assignment.Disposition == AssignmentDisposition.Pending);
            Insert(commit.Failures);
            JobRecord job = _jobs[commit.Lease.Job];
            if (commit.Version is { } version)
            {
                _versions.Add((version.Job, version.Version), version);
                job = job with { CurrentVersion = version.Version };
            }

            _jobs[commit.Lease.Job] = job with { Status = commit.Status, StatusReason = commit.StatusReason };
            if (commit.Next is { } next)
            {
                Open(commit.Lease.Job, next.Round, next.Assignments);
            }
        });
    }

    public Task<StoreOutcome> AbandonRoundAsync(RoundAbandonment abandonment, CancellationToken cancellationToken) =>
        GuardedAsync(nameof(AbandonRoundAsync), abandonment.Lease, () =>
        {
            Assert.Equal(RoundState.Open, _rounds[abandonment.Round].State);
            _rounds[abandonment.Round] = _rounds[abandonment.Round] with
            {
                State = RoundState.Abandoned,
                ClosedAt = abandonment.AbandonedAt,
                Reason = abandonment.Reason,
            };
            DiscardPending(abandonment.Lease.Job, abandonment.Round.Kind, abandonment.Reason);

            Insert(abandonment.Failures);
            _jobs[abandonment.Lease.Job] = _jobs[abandonment.Lease.Job] with
            {
                StateEpoch = abandonment.StateEpoch,
                Status = abandonment.Status,
                StatusReason = abandonment.StatusReason,
            };
        });

    public Task<StoreOutcome> SetStatusAsync(WriterLease lease, JobStatus status, string? reason, CancellationToken cancellationToken) =>
        GuardedAsync(nameof(SetStatusAsync), lease, () =>
        {
            if (status is not (JobStatus.Running or JobStatus.Paused))
            {
                DiscardPending(lease.Job, null, reason ?? "The job has ended.");
            }

            _jobs[lease.Job] = _jobs[lease.Job] with { Status = status, StatusReason = reason };
        });

    public Task<StoreOutcome> RollBackAsync(
        WriterLease lease, ModelVersionRecord version, int stateEpoch, CancellationToken cancellationToken) =>
        GuardedAsync(nameof(RollBackAsync), lease, () =>
        {
            DiscardPending(lease.Job, null, "The job was rolled back.");
            _versions.Add((lease.Job, version.Version), version);
            _jobs[lease.Job] = _jobs[lease.Job] with { CurrentVersion = version.Version, StateEpoch = stateEpoch };
        });

    public Task<ModelVersionRecord?> FindVersionAsync(JobKey job, int version, CancellationToken cancellationToken) =>
        TransactionAsync(nameof(FindVersionAsync), () => _versions.GetValueOrDefault((job, version)));

    public Task<IReadOnlyList<string>> ReadStatesAsync(JobKey job, int most, CancellationToken cancellationToken) =>
        TransactionAsync<IReadOnlyList<string>>(nameof(ReadStatesAsync), () =>
            [.. _versions.Values.Where(version => version.Job == job).OrderByDescending(version => version.Version).Select(version => version.StateBlobId).OfType<string>().Take(most)]);

    public Task<bool> HasWorkedAsync(string tenantId, string deviceId, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult(_assignments.Values.Any(record => record.DeviceId == deviceId && record.Round.TenantId == tenantId));
        }
    }

    public Task<IReadOnlyList<string>> ReadRevokedAsync(string tenantId, DateTimeOffset since, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<string>>([.. Revoked.Where(device => device.Value >= since).Select(device => device.Key)]);

    public Task<IReadOnlyList<AssignmentRecord>> FindAssignmentsAsync(
        string tenantId, string deviceId, IReadOnlyList<string> assignmentIds, CancellationToken cancellationToken)
    {
        // Not a step of the coordinator: the devices' own reads do not kill it.
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<AssignmentRecord>>([.. assignmentIds
                .Select(id => _assignments.GetValueOrDefault(id))
                .OfType<AssignmentRecord>()
                .Where(record => record.DeviceId == deviceId && record.Round.TenantId == tenantId)]);
        }
    }

    public Task<IReadOnlyList<Participation>> ReadParticipationsAsync(JobKey job, int firstRound, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<Participation>>([.. _assignments.Values
                .Where(record => record.Round.JobId == job.JobId && record.Round.Kind == TaskKind.Train && record.Round.Round >= firstRound && record.Update is not null)
                .OrderBy(record => record.Round.Round)
                .ThenBy(record => record.Number)
                .Select(record => new Participation(
                    record.ClientIndex, record.Round.Round, record.Update!.Weight, record.Update.TrainingLoss, record.Update.TrainingSeconds))]);
        }
    }

    /// <summary>As if another server had taken the job over.</summary>
    public void Fence(JobKey job)
    {
        lock (_gate)
        {
            _jobs[job] = _jobs[job] with { WriterEpoch = _jobs[job].WriterEpoch + 1 };
        }
    }

    private static JobKey JobOf(RoundKey round) => new(round.TenantId, round.JobId);

    private void Open(JobKey job, RoundRecord round, IReadOnlyList<AssignmentRecord> assignments)
    {
        Assert.DoesNotContain(_rounds.Values, other => JobOf(other.Key) == job && other.State == RoundState.Open);
        Assert.Equal(_jobs[job].CurrentVersion, round.BaseVersion);
        _rounds.Add(round.Key, round);
        Insert(assignments);
    }

    private void Insert(IReadOnlyList<AssignmentRecord> assignments)
    {
        foreach (AssignmentRecord assignment in assignments)
        {
            Assert.Equal(RoundState.Open, _rounds[assignment.Round].State);
            Assert.DoesNotContain(_assignments.Values, other => other.Round == assignment.Round && other.DeviceId == assignment.DeviceId);
            _assignments.Add(assignment.AssignmentId, assignment);
        }
    }

    private void Insert(IReadOnlyList<ClientFailureRecord> failures)
    {
        foreach (ClientFailureRecord failure in failures)
        {
            _failures.TryAdd(failure.AssignmentId, failure);
        }
    }

    private static RoundKey RoundOf(RoundCommit commit, string assignmentId) =>
        commit.IsAsynchronous ? AssignmentIds.RoundOf(commit.Round, assignmentId) : commit.Round;

    private void DiscardPending(JobKey job, TaskKind? kind, string reason)
    {
        foreach (AssignmentRecord assignment in _assignments.Values.Where(assignment => JobOf(assignment.Round) == job
            && assignment.Disposition == AssignmentDisposition.Pending && (kind is null || assignment.Round.Kind == kind)).ToArray())
        {
            Settle(assignment.AssignmentId, assignment.Round, AssignmentDisposition.Discarded, reason);
        }
    }

    private void Settle(string assignmentId, RoundKey round, AssignmentDisposition disposition, string? reason)
    {
        AssignmentRecord assignment = _assignments[assignmentId];
        Assert.Equal((round, AssignmentDisposition.Pending), (assignment.Round, assignment.Disposition));
        _assignments[assignmentId] = assignment with { Disposition = disposition, Reason = reason };
    }

    private Task<StoreOutcome> GuardedAsync(string call, WriterLease lease, Action write) =>
        TransactionAsync(call, () =>
        {
            if (_jobs[lease.Job].WriterEpoch != lease.Epoch)
            {
                return StoreOutcome.Fenced;
            }

            write();
            return StoreOutcome.Done;
        });

    private Task<T> TransactionAsync<T>(string call, Func<T> transaction) =>
        faults.AroundAsync($"store.{call}", () =>
        {
            lock (_gate)
            {
                return transaction();
            }
        });
}
