using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Tier;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Coordination.Compression;

/// <summary>
/// The server half of compression, around any algorithm with a DELTA section. Without estimates the decoded updates are averaged as they are. With them
/// (ef21, ef21-sgdm, econtrol) the server keeps H = Σ w h / Σ w over all clients that have taken part, moves it by what came in, and hands H to the algorithm in the place of the
/// mean: it never steps on the participants alone. Under a rule other than the mean it keeps every client's h instead, and the rule aggregates those.
/// </summary>
/// <remarks>
/// A client continues only from the state that its last counted update left; the task names that round. All clients begin anew when one reports that it has
/// lost its state or changes its weight (its old h cannot be taken out of H), every <see cref="CompressionSettings.ResyncRounds"/>, and when the
/// job's state epoch rises. Of a sparse model all of this is about packed vectors: when the mask changes, H (or every h) is carried to the next one, and so does each client with its next task.
/// </remarks>
internal sealed class CompressedServer : IServerAlgorithm
{
    private const string StateName = "compression";

    private readonly IServerAlgorithm _inner;
    private readonly CompressionSpec _spec;
    private readonly CompressionSettings _settings;
    private readonly ModelSchema _schema;
    private readonly bool _isPruned;
    private readonly EstimateMembers _members = new();
    private double[] _sum;
    private readonly EstimateTable? _table;
    private ModelMask? _mask;
    private double _eta;
    private int _epoch;
    private int _rounds;

    public CompressedServer(IServerAlgorithm inner, JobDefinition job, ModelSchema schema)
    {
        _inner = inner;
        _settings = job.Compression;
        _spec = CompressionSpec.Parse(_settings.Up);
        _schema = schema;
        _isPruned = job.Pruning.IsActive;
        _eta = EtaUnder(null);
        _table = _spec.TracksEstimates && !AggregationRules.IsMean(job) ? new EstimateTable(job, schema) : null;
        _sum = _spec.TracksEstimates && _table is null ? new double[schema.ParameterCount] : [];
    }

    public ImmutableArray<string> Roles => _inner.Roles;

    /// <summary>Clients in the mean of the estimates.</summary>
    internal int Members => _members.Count;

    /// <summary>H; empty before the first update, and under a rule other than the mean.</summary>
    internal float[] Estimate => _members.TotalWeight > 0 && _table is null ? Mean() : [];

    /// <summary>Every client's h, under a rule other than the mean.</summary>
    internal IReadOnlyDictionary<uint, float[]> Estimates => _table?.Estimates ?? ImmutableSortedDictionary<uint, float[]>.Empty;

    public void Follow(ModelContent model)
    {
        _inner.Follow(model);
        if (model.Mask is not { } mask || _spec.Feedback == FeedbackKind.None)
        {
            return;
        }

        bool isFresh = _members.Count == 0;
        (_mask, _eta) = (mask, EtaUnder(mask));
        _table?.Use(mask.PackedCount);
        bool sums = _spec.TracksEstimates && _table is null;
        if (isFresh)
        {
            _sum = sums ? new double[mask.PackedCount] : [];
        }
        else if (_sum.Length != (sums ? mask.PackedCount : 0))
        {
            throw new InvalidDataException($"The mean of the estimates has {_sum.Length} elements, the mask of the model {mask.PackedCount}.");
        }
    }

    public int CohortSize(RoundKey round) => _inner.CohortSize(round);

    public string RoleOf(RoundKey round, uint clientIndex) => _inner.RoleOf(round, clientIndex);

    public ImmutableArray<SectionSpec> UpSections(string role) => DeltaFrames.Of(_inner.UpSections(role));

    public int? Seen => _inner.Seen;

    public ImmutableArray<SectionRole> KeptSections => _inner.KeptSections;

    public ImmutableArray<SectionRole> OwnSections => _table is null ? [] : [SectionRole.Delta];

    public ImmutableArray<DownSection> DownSections(string role) => _inner.DownSections(role);

    public LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role)
    {
        LocalTraining training = _inner.TrainingFor(round, clientIndex, role);
        if (DeltaOf(role) is { } delta)
        {
            bool keepsWeight = _spec.TracksEstimates && _table is null && delta.Denominator == SectionDenominator.Weight;
            training.Compression = new UpdateCompression
            {
                Spec = _spec.ToString(),
                Eta = _eta,
                Momentum = _settings.Momentum,
                DenseStart = _settings.Start == "dense",
                StateRound = _members.RoundOf(clientIndex),
                Weight = keepsWeight ? _members.WeightOf(clientIndex) : 0,
            };
        }

        return training;
    }

    public RoundAggregate Combine(RoundKey round, RoundAggregate aggregate, RuleStart start) =>
        _table is not null && Roles.Select(DeltaOf).OfType<SectionSpec>().FirstOrDefault() is { } delta
            ? _table.Combine(round, aggregate, SectionSpecs.Framed(delta), start, _members)
            : aggregate;

    public void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        if (_table is not null)
        {
            TakeInEstimates(_table, round, aggregate);
            _inner.Apply(round, aggregate, model);
            Carry(model);
            _rounds++;
            if (_settings.ResyncRounds > 0 && _rounds >= _settings.ResyncRounds)
            {
                Restart();
            }

            return;
        }

        bool holds = TakeIn(round, aggregate);
        _inner.Apply(round, _spec.TracksEstimates ? WithEstimate(aggregate) : aggregate, model);
        Carry(model);
        _rounds++;
        if (!holds || aggregate.LostStates.Count > 0 || (_settings.ResyncRounds > 0 && _rounds >= _settings.ResyncRounds))
        {
            Restart();
        }
    }

    public byte[]? SaveState()
    {
        byte[]? inner = _inner.SaveState();
        if (_spec.Feedback == FeedbackKind.None)
        {
            return inner;
        }

        var state = new AlgorithmState(StateName);
        state.Add<int>("epoch", [_epoch, _rounds]);
        _members.Save(state);
        state.Add<double>("sum", _sum);
        _table?.Save(state);
        if (inner is not null)
        {
            state.Add<byte>("inner", inner);
        }

        return state.ToBytes();
    }

    public void LoadState(ReadOnlySpan<byte> state)
    {
        if (_spec.Feedback == FeedbackKind.None)
        {
            _inner.LoadState(state);
            return;
        }

        _mask = null;
        Restart();
        _epoch = 0;
        if (state.IsEmpty)
        {
            _inner.LoadState([]);
            return;
        }

        AlgorithmState parts = AlgorithmState.Parse(state, StateName);
        int[] counters = parts.Read<int>("epoch");
        // How long the vectors of a sparse model are shows with its mask.
        _sum = _isPruned ? parts.Read<double>("sum") : _sum;
        parts.Read<double>("sum", _sum);
        _members.Load(parts);
        _table?.Load(parts, _members.Clients);
        (_epoch, _rounds) = (counters[0], counters[1]);
        _inner.LoadState(parts.Has("inner") ? parts.Bytes("inner") : []);
    }

    public void BeginEpoch(int stateEpoch)
    {
        if (stateEpoch != _epoch)
        {
            _epoch = stateEpoch;
            Restart();
        }

        _inner.BeginEpoch(stateEpoch);
    }

    private SectionSpec? DeltaOf(string role) => _inner.UpSections(role).FirstOrDefault(section => section.Role == SectionRole.Delta);

    private bool SendsDelta(string role) => DeltaOf(role) is not null;

    /// <summary>A client that has lost its state begins anew by itself: its h is known here, and goes.</summary>
    private void TakeInEstimates(EstimateTable table, RoundKey round, RoundAggregate aggregate)
    {
        foreach (IncludedClient client in aggregate.Clients.Where(client => SendsDelta(client.Role)))
        {
            _members.Counted(client.ClientIndex, (uint)round.Round, client.Update.Weight);
        }

        table.TakeIn(aggregate, SectionRole.Delta);
        foreach (uint client in (uint[])[.. aggregate.LostStates, .. _members.Beyond(table.Capacity)])
        {
            _members.Forget(client);
            table.Forget(client);
        }
    }

    /// <summary>Moves members and sum by a round; false when a member's weight has changed.</summary>
    private bool TakeIn(RoundKey round, RoundAggregate aggregate)
    {
        if (_spec.Feedback == FeedbackKind.None || aggregate.Find(SectionRole.Delta) is not { } delta)
        {
            return true;
        }

        bool byWeight = delta.Spec.Denominator == SectionDenominator.Weight;
        bool holds = true;
        foreach (IncludedClient client in aggregate.Clients.Where(client => SendsDelta(client.Role)))
        {
            holds &= _members.Counted(client.ClientIndex, (uint)round.Round, byWeight ? client.Update.Weight : 1);
        }

        // The mean times its divisor is Σ w Δ over those who took part.
        for (int i = 0; i < _sum.Length; i++)
        {
            _sum[i] += delta.Single[i] * delta.Divisor;
        }

        return holds || !_spec.TracksEstimates;
    }

    private RoundAggregate WithEstimate(RoundAggregate aggregate) => aggregate with
    {
        Sections =
        [
            .. aggregate.Sections.Select(section => section.Spec.Role == SectionRole.Delta
                ? section with { Single = Mean(), Divisor = _members.TotalWeight }
                : section),
        ],
    };

    private float[] Mean()
    {
        float[] mean = new float[_sum.Length];
        for (int i = 0; i < mean.Length; i++)
        {
            mean[i] = (float)(_sum[i] / _members.TotalWeight);
        }

        return mean;
    }

    /// <summary>No client is reckoned with: each begins anew with its next task.</summary>
    private void Restart()
    {
        _members.Clear();
        _table?.Clear();
        Array.Clear(_sum);
        _rounds = 0;
    }

    /// <summary>What is dropped leaves the estimates, those of clients and their mean alike; what is grown is zero in them. So the mean stays that of the estimates.</summary>
    private void Carry(ModelContent model)
    {
        if (_mask is not { } mask || model.Mask is not { } next || ReferenceEquals(mask, next))
        {
            return;
        }

        var remap = MaskRemap.Between(mask, next);
        _sum = _sum.Length > 0 ? remap.Map<double>(_sum) : _sum;
        _table?.Carry(remap);
        (_mask, _eta) = (next, EtaUnder(next));
    }

    private double EtaUnder(ModelMask? mask) => _settings.Eta ?? (new VectorCompressor(_spec, CompressionLayout.Of(_schema, mask)).NominalContraction / 2);
}
