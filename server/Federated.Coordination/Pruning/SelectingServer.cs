using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;

namespace Federated.Coordination.Pruning;

/// <summary>
/// Finds the first mask of a sparse model, around the algorithm that trains it. While the model has none, its rounds are not of training: in the first, devices sum the inputs of the normalisation layers
/// under every candidate (a model without such layers skips it); in the next they evaluate the candidates with the pooled statistics, and the best one becomes the mask. From then on the algorithm is asked.
/// </summary>
internal sealed class SelectingServer : IServerAlgorithm
{
    private const string StateName = "selecting";
    private const string ClientHalf = "candidates";
    private const int LossWidth = 2;

    private readonly IServerAlgorithm _inner;
    private readonly IPruningMethod _method;
    private readonly JobDefinition _job;
    private readonly ModelSchema _schema;
    private readonly int _channels;
    private ImmutableArray<ModelMask> _candidates = [];
    private float[] _pooled = [];
    private byte[] _state = [];

    public SelectingServer(IServerAlgorithm inner, IPruningMethod method, JobDefinition job, ModelSchema schema)
    {
        _inner = inner;
        _method = method;
        _job = job;
        _schema = schema;
        _channels = NormalisationLayer.Of(schema).Sum(layer => layer.Channels);
    }

    public bool TakesSums => IsSelecting || _inner.TakesSums;

    public ImmutableArray<string> Roles => IsSelecting ? [DeviceRoles.Worker] : _inner.Roles;

    public ImmutableArray<SectionRole> KeptSections => IsSelecting ? [] : _inner.KeptSections;

    public ImmutableArray<SectionRole> OwnSections => IsSelecting ? [] : _inner.OwnSections;

    public IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>> Centres => _inner.Centres;

    private bool IsSelecting => !_candidates.IsEmpty;

    private bool SumsInputs => _channels > 0 && _pooled.Length == 0;

    public void Follow(ModelContent model)
    {
        if (model.Mask is null)
        {
            _candidates = _method.Candidates(model.Parameters);
            _pooled = _state.Length == 0 ? [] : AlgorithmState.Parse(_state, StateName).Read<float>("pooled");
            return;
        }

        _candidates = [];
        if (_state.Length > 0)
        {
            _inner.LoadState(_state);
        }

        _inner.Follow(model);
    }

    public int CohortSize(RoundKey round) =>
        !IsSelecting ? _inner.CohortSize(round) : _job.Pruning.CandidateCohort;

    public string RoleOf(RoundKey round, uint clientIndex) => IsSelecting ? DeviceRoles.Worker : _inner.RoleOf(round, clientIndex);

    public ImmutableArray<SectionSpec> UpSections(string role) => IsSelecting
        ? [SectionSpecs.Dense(SectionRole.Scalars, SectionDType.F64, (long)_candidates.Length * (SumsInputs ? MomentSums.Width * _channels : LossWidth), SectionDenominator.None)]
        : _inner.UpSections(role);

    public ImmutableArray<DownSection> DownSections(string role) =>
        !IsSelecting ? _inner.DownSections(role)
        : _pooled.Length == 0 ? []
        : [new DownSection(SectionSpecs.Dense(SectionRole.BnStatistics, SectionDType.F32, _pooled.Length, SectionDenominator.None), _pooled)];

    public LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role)
    {
        if (!IsSelecting)
        {
            return _inner.TrainingFor(round, clientIndex, role);
        }

        LocalTraining training = LocalTrainings.Of(_job, clientIndex, ClientHalf);
        training.Candidates = new MaskCandidates { SumsInputs = SumsInputs };
        foreach (ModelMask mask in _candidates)
        {
            var candidate = new MaskCandidate();
            candidate.Active.AddRange(Enumerable.Range(0, mask.Layers.Length).Select(l => (uint)mask.CountOf(l)));
            training.Candidates.Masks.Add(candidate);
        }

        return training;
    }

    public RoundAggregate Combine(RoundKey round, RoundAggregate aggregate, RuleStart start) => IsSelecting ? aggregate : _inner.Combine(round, aggregate, start);

    public void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        if (!IsSelecting)
        {
            _inner.Apply(round, aggregate, model);
            return;
        }

        double[] sums = aggregate.Find(SectionRole.Scalars)?.Wide ?? [];
        if (sums.Length == 0)
        {
            return;
        }

        if (SumsInputs)
        {
            _pooled = Pool(sums, model);
            return;
        }

        int best = CandidateChoice.Best([.. _candidates.Select((_, c) => sums[LossWidth * c])], [.. _candidates.Select((_, c) => sums[(LossWidth * c) + 1])]);
        if (_pooled.Length > 0)
        {
            _pooled.AsSpan(best * _schema.StatisticCount, _schema.StatisticCount).CopyTo(model.Statistics);
        }

        model.Use(_candidates[best]);
        (_candidates, _pooled, _state) = ([], [], []);
        _inner.Follow(model);
    }

    public byte[]? SaveState()
    {
        if (!IsSelecting)
        {
            return _inner.SaveState();
        }

        if (_pooled.Length == 0)
        {
            return null;
        }

        var state = new AlgorithmState(StateName);
        state.Add<float>("pooled", _pooled);
        return state.ToBytes();
    }

    /// <summary>Whose state it is shows with the model.</summary>
    public void LoadState(ReadOnlySpan<byte> state)
    {
        _state = state.ToArray();
        if (state.IsEmpty)
        {
            _inner.LoadState([]);
        }
    }

    public void BeginEpoch(int stateEpoch) => _inner.BeginEpoch(stateEpoch);

    private float[] Pool(double[] sums, ModelContent model)
    {
        int width = MomentSums.Width * _channels, statistics = _schema.StatisticCount;
        float[] pooled = new float[_candidates.Length * statistics];
        for (int c = 0; c < _candidates.Length; c++)
        {
            Span<float> own = pooled.AsSpan(c * statistics, statistics);
            model.Statistics.CopyTo(own);
            CandidateStatistics.Pool(_schema, new MomentSums(sums.AsSpan(c * width, width)), own);
        }

        return pooled;
    }
}
