using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Security.Cryptography;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Algorithms.Statistics;
using Federated.Coordination.Anarchic;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Coordination.Tier;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>
/// A job as its one writer knows it: what the store says of it, the model that is current, and the open round. Used by the loop of one
/// <see cref="JobCoordinator"/> only, and gone with it.
/// </summary>
internal sealed class CoordinatedJob
{
    private readonly TaskWriter _tasks;
    private volatile FrozenSet<string> _wanted = [];

    public CoordinatedJob(CoordinatorServices services, JobRecord record)
    {
        Services = services;
        Record = record;
        Lease = new WriterLease(record.Key, record.WriterEpoch);
        Selection = Selections.Create(record.Definition);
        Machine = new RoundStateMachine(
            Selection,
            new PaceSteering(record.Definition.Seed),
            new PopulationEstimate(services.Options.PopulationWindow),
            services.Options.MaxWaitingPerJob);
        Demands = new JobDemands(record.Definition);
        _tasks = new TaskWriter(record.Definition, services.Signer, services.Options);
    }

    public CoordinatorServices Services { get; }

    public JobRecord Record { get; set; }

    public JobKey Key => Record.Key;

    public WriterLease Lease { get; }

    public RoundStateMachine Machine { get; }

    public ISelectionStrategy Selection { get; }

    public JobDemands Demands { get; }

    /// <summary>How the open round is filled and when it ends.</summary>
    public RoundTerms Terms { get; private set; } = null!;

    /// <summary>Set by <see cref="LoadModelAsync"/>, which an active job begins with.</summary>
    public CurrentModel Model { get; private set; } = null!;

    /// <summary>Set when the job is taken over, and again by a roll-back.</summary>
    public JobHistory History { get; set; } = null!;

    /// <summary>Devices that have left for good since the job was created, by what stands for them; kept for asynchronous jobs.</summary>
    public HashSet<uint> Left { get; } = [];

    public bool IsActive => Record.Status is JobStatus.Running or JobStatus.Paused;

    public DateTimeOffset Now => Services.Time.GetUtcNow();

    /// <summary>Whether an update of an asynchronous job is still waited for. Safe for use by several threads.</summary>
    public bool Wants(string assignmentId) => _wanted.Contains(assignmentId);

    /// <summary>Called when assignments of an asynchronous job were made or settled, before anybody outside hears of it.</summary>
    public void RefreshWanted() =>
        _wanted = Machine.Assignments.Concat(Machine.Aside)
            .Where(assignment => assignment.State is not (AssignmentState.Counted or AssignmentState.Discarded))
            .Select(assignment => assignment.Id)
            .ToFrozenSet(StringComparer.Ordinal);

    public async Task LoadModelAsync(ModelVersionRecord version, CancellationToken stop)
    {
        Model = await CurrentModel.LoadAsync(Services.Blobs, Services.Algorithms, Record.Definition, version, stop);
        Model.BeginEpoch(Record.StateEpoch);
        foreach (uint gone in Left)
        {
            Model.Anarchic?.Leave(gone);
        }
    }

    /// <summary>
    /// A device has left for good. An asynchronous algorithm that remembers its workers forgets it, and does not wait for it in the open buffer either; where the device's update is
    /// in that, it is forgotten with the version after.
    /// </summary>
    public void Leave(string deviceId)
    {
        uint gone = new DeviceIdentity(Key.TenantId, deviceId).ClientIndex;
        Left.Add(gone);
        if (Model.Anarchic is not { } half || Machine.FindOf(deviceId) is { State: AssignmentState.Stored })
        {
            return;
        }

        half.Leave(gone);
        if (Machine.Key is { Kind: TaskKind.Train } round)
        {
            RenewBufferTerms(round);
        }
    }

    /// <summary>The algorithm may want fewer updates than when the open buffer began.</summary>
    public void RenewBufferTerms(RoundKey round)
    {
        SetTerms(round);
        Machine.ChangeBuffer(Terms, Now);
    }

    /// <summary>Starts the selection of the round that comes next, or ends the job; nothing while it is paused or a round is open.</summary>
    public async Task BeginNextAsync(CancellationToken stop)
    {
        if (Record.Status == JobStatus.Running && Machine.Phase == RoundPhase.Idle && !TryBeginNext())
        {
            await SetStatusAsync(JobStatus.Completed, "Every round is done.", stop);
        }
    }

    /// <summary>Starts the selection of the round that comes next; false when none does, now or for good.</summary>
    public bool TryBeginNext()
    {
        if (Record.Status != JobStatus.Running || Machine.Phase != RoundPhase.Idle)
        {
            return false;
        }

        ModelVersionRecord version = Model.Record;
        switch (RoundSchedule.After(Record.Definition, version.TrainingRounds, History.Examined, History.Described, History.FailedStatistics))
        {
            case NextRound.Train:
                Begin(TaskKind.Train, History.LastNumber + 1);
                return true;
            case NextRound.Evaluate:
                Begin(TaskKind.Evaluate, version.Version);
                return true;
            case NextRound.Statistics:
                Begin(TaskKind.Statistics, version.Version);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Sets the terms of a round, which is about to begin or is taken up again.</summary>
    public void SetTerms(RoundKey round) =>
        Terms = round.Kind switch
        {
            TaskKind.Evaluate => RoundTerms.ForEvaluation(Record.Definition),
            TaskKind.Statistics => RoundTerms.ForStatistics(Record.Definition),
            _ when Model.Algorithm is BufferedRounds buffered => buffered.Terms(),
            _ => RoundTerms.ForTraining(Record.Definition, Model.Algorithm.CohortSize(round), Model.Algorithm.TakesSums),
        };

    /// <summary>The server half of a round: the job's algorithm, or that of statistics.</summary>
    public IServerAlgorithm AlgorithmOf(RoundKey round) =>
        round.Kind == TaskKind.Statistics ? new StatisticsServer(Record.Definition, Model.Content.Schema) : Model.Algorithm;

    public RoundPlan PlanOf(RoundKey round) =>
        RoundPlans.Create(
            round, Lease.Epoch, Record.Definition, Model.Content.Schema, AlgorithmOf(round), Terms.Target, DrawRuleSeed(),
            Machine.Assignments.Count(assignment => assignment.State == AssignmentState.Refused));

    /// <summary>What the algorithm aggregates itself, aggregated. It may take as long as a rule takes.</summary>
    /// <exception cref="ArgumentException">The rule cannot work with these updates.</exception>
    public Task<RoundAggregate> CombineAsync(RoundKey round, RoundAggregate aggregate, CancellationToken stop)
    {
        IServerAlgorithm algorithm = Model.Algorithm;
        return round.Kind != TaskKind.Train || algorithm.OwnSections.IsEmpty
            ? Task.FromResult(aggregate)
            : Task.Run(() => algorithm.Combine(round, aggregate.With(Machine.Assignments), new RuleStart(DrawRuleSeed(), algorithm.Centres)), stop);
    }

    /// <summary>Asks the tier where the update of an assignment of the open round goes.</summary>
    public void Place(Assignment assignment) =>
        assignment.Gateway = Services.Tier.GatewayOf(Machine.Key!, assignment.Id, assignment.Number);

    /// <summary>The task of an assignment of the open round, with its ticket.</summary>
    public async Task<TaskAssignment> TaskOfAsync(Assignment assignment, CancellationToken stop)
    {
        Place(assignment);
        return _tasks.Write(
            Machine.Key!,
            assignment,
            Model,
            AlgorithmOf(Machine.Key!),
            await DownSectionsAsync(Machine.Key!, assignment.Role, stop),
            Record.StateEpoch,
            Lease.Epoch,
            Terms.Buffer is null ? Machine.Deadline : TicketEndOf(assignment),
            Now);
    }

    /// <summary>In an asynchronous job a silent device makes room for another, but its update counts when it comes somewhat later.</summary>
    public DateTimeOffset TicketEndOf(Assignment assignment) => assignment.ReportBy + (Terms.ReportingTime / 2);

    /// <summary>What a role is sent besides the model.</summary>
    public async Task<IReadOnlyList<SectionReference>> DownSectionsAsync(RoundKey round, string role, CancellationToken stop) =>
        round.Kind == TaskKind.Train ? await Model.DownSectionsAsync(role, stop) : [];

    public async Task SetStatusAsync(JobStatus status, string? reason, CancellationToken stop)
    {
        FencedException.ThrowIf(await Services.Store.SetStatusAsync(Lease, status, reason, stop));
        Record = Record with { Status = status, StatusReason = reason };
    }

    public JobProgress Progress()
    {
        bool open = Machine.Phase is RoundPhase.Configuration or RoundPhase.Reporting or RoundPhase.Closing;
        return new JobProgress(
            Record.Status,
            Machine.Phase,
            Machine.Key,
            Model?.Record.Version ?? Record.CurrentVersion,
            Model?.Record.TrainingRounds ?? 0,
            Machine.WaitingCount,
            Machine.Shortage,
            Machine.Assignments.Count,
            Machine.StoredCount,
            open ? Machine.Deadline : null)
        {
            NeedsFrames = Demands.NeedsFrames,
        };
    }

    private static ulong DrawRuleSeed() => BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(sizeof(ulong)));

    private void Begin(TaskKind kind, int number)
    {
        var round = new RoundKey(Key.TenantId, Key.JobId, number, kind);
        SetTerms(round);
        Machine.IsDraining = false;
        Machine.Begin(round, Terms, Now);
    }
}
