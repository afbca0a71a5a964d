using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Pruning;

/// <summary>
/// Finds the first mask of a sparse model, around the algorithm that trains it. While the model has none, its rounds are those of a <see cref="CandidateSelection"/>; from then on the algorithm is asked.
/// </summary>
internal sealed class SelectingServer : IServerAlgorithm
{
    private readonly IServerAlgorithm _inner;
    private readonly JobDefinition _job;
    private readonly CandidateSelection _selection;
    private byte[] _state = [];

    public SelectingServer(IServerAlgorithm inner, IPruningMethod method, JobDefinition job, ModelSchema schema)
    {
        _inner = inner;
        _job = job;
        _selection = new CandidateSelection(method, job, schema);
    }

    public bool TakesSums => _selection.IsOpen || _inner.TakesSums;

    public ImmutableArray<string> Roles => _selection.IsOpen ? [DeviceRoles.Worker] : _inner.Roles;

    public int? Seen => _inner.Seen;

    public ImmutableArray<SectionRole> KeptSections => _selection.IsOpen ? [] : _inner.KeptSections;

    public ImmutableArray<SectionRole> OwnSections => _selection.IsOpen ? [] : _inner.OwnSections;

    public IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>> Centres => _inner.Centres;

    public void Follow(ModelContent model)
    {
        _selection.Follow(model, _state);
        if (_selection.IsOpen)
        {
            return;
        }

        if (_state.Length > 0)
        {
            _inner.LoadState(_state);
        }

        _inner.Follow(model);
    }

    public int CohortSize(RoundKey round) => _selection.IsOpen ? _job.Pruning.CandidateCohort : _inner.CohortSize(round);

    public string RoleOf(RoundKey round, uint clientIndex) => _selection.IsOpen ? DeviceRoles.Worker : _inner.RoleOf(round, clientIndex);

    public ImmutableArray<SectionSpec> UpSections(string role) => _selection.IsOpen ? _selection.UpSections : _inner.UpSections(role);

    public ImmutableArray<DownSection> DownSections(string role) => _selection.IsOpen ? _selection.DownSections : _inner.DownSections(role);

    public LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role) =>
        _selection.IsOpen ? _selection.TrainingFor(clientIndex) : _inner.TrainingFor(round, clientIndex, role);

    public RoundAggregate Combine(RoundKey round, RoundAggregate aggregate, RuleStart start) =>
        _selection.IsOpen ? aggregate : _inner.Combine(round, aggregate, start);

    public void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        if (!_selection.IsOpen)
        {
            _inner.Apply(round, aggregate, model);
        }
        else if (_selection.Take(aggregate, model) is not null)
        {
            _state = [];
            _inner.Follow(model);
        }
    }

    public byte[]? SaveState() => _selection.IsOpen ? _selection.SaveState() : _inner.SaveState();

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
}
