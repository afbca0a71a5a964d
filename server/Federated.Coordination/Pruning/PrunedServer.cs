using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Tier;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Google.Protobuf;

namespace Federated.Coordination.Pruning;

/// <summary>
/// The server half of a sparse model, around any algorithm that goes with one (<see cref="PruningCheck"/>). Sections of the parameters' length come packed and are unpacked for the
/// algorithm; the model that it makes is put under the mask; then the method may change the mask. The mask itself is the model's: it is stored, sent and rolled back with it.
/// </summary>
internal sealed class PrunedServer : IServerAlgorithm
{
    private const string StateName = "pruned";

    private readonly IServerAlgorithm _inner;
    private readonly IPruningMethod _method;
    private readonly int _parameterCount;
    private readonly ModelSchema _schema;
    private readonly PruningSettings _settings;
    private readonly RegrownCoordinates? _regrown;

    // What a feedback remembers changes with a difference only: a client that sends none keeps what it had.
    private readonly bool _remembersDeltas;
    private ModelMask? _mask;
    private PruningDemand _demand = PruningDemand.None;
    private bool _hasBegun;
    private int _rounds;
    private int _epoch;

    public PrunedServer(IServerAlgorithm inner, IPruningMethod method, JobDefinition job, ModelSchema schema)
    {
        _inner = inner;
        _method = method;
        _parameterCount = schema.ParameterCount;
        _schema = schema;
        _settings = job.Pruning;
        _regrown = PruningCheck.ClientsRemember(job) ? new RegrownCoordinates() : null;
        _remembersDeltas = CompressionSpec.Parse(job.Compression.Up).Feedback != FeedbackKind.None;
    }

    public ImmutableArray<string> Roles => _inner.Roles;

    public int? Seen => _inner.Seen;

    public ImmutableArray<SectionRole> KeptSections => _inner.KeptSections;

    public ImmutableArray<SectionRole> OwnSections => _inner.OwnSections;

    public IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>> Centres => _inner.Centres;

    private ModelMask Mask => _mask ?? throw new InvalidOperationException("The algorithm does not know its model yet, or the model has no mask.");

    public void Follow(ModelContent model)
    {
        _inner.Follow(model);
        _mask = model.Mask ?? throw new InvalidOperationException("The model of a job with pruning has no mask.");
        _demand = _method.DemandFor(_rounds + 1, _mask);
        if (!_hasBegun)
        {
            _hasBegun = true;
            _regrown?.Begin(_mask);
        }
    }

    public int CohortSize(RoundKey round) => _inner.CohortSize(round);

    public string RoleOf(RoundKey round, uint clientIndex) => _inner.RoleOf(round, clientIndex);

    public ImmutableArray<SectionSpec> UpSections(string role)
    {
        IEnumerable<SectionSpec> packed = _inner.UpSections(role).Select(section => PackedVectors.Under(section, Mask));

        // Behind the others: a rule judges an update by its first section.
        return SendsGradients(role) ? [.. packed, _demand.Section(Mask, _settings)] : [.. packed];
    }

    public ImmutableArray<DownSection> DownSections(string role) => [.. _inner.DownSections(role).Select(section => Packed(section, Mask))];

    public LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role)
    {
        LocalTraining training = _inner.TrainingFor(round, clientIndex, role);
        if (SendsGradients(role))
        {
            training.Gradients = _demand.ToTask(_settings);
        }

        if (_regrown is not null)
        {
            training.Regrown = ByteString.CopyFrom(_regrown.For(clientIndex));
        }

        return training;
    }

    public RoundAggregate Combine(RoundKey round, RoundAggregate aggregate, RuleStart start) => _inner.Combine(round, aggregate, start);

    public void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        ModelMask mask = Mask;
        float[] before = [.. model.Parameters];
        _inner.Apply(round, Unpacked(aggregate, mask), model);
        mask.Apply(model.Parameters);
        _rounds++;
        foreach (IncludedClient client in aggregate.Clients.Where(client => !_remembersDeltas || SendsDelta(client.Role)))
        {
            _regrown?.Counted(client.ClientIndex, (uint)round.Round);
        }

        ModelMask next = _method.Next(new PruningRound(_rounds, mask, before, model.Parameters, _demand, GradientsOf(aggregate, mask)));
        if (!ReferenceEquals(next, mask))
        {
            model.Use(next.Epoch == mask.Epoch + 1 ? next : throw new InvalidOperationException($"The mask of epoch {mask.Epoch} was changed into one of epoch {next.Epoch}."));
            _inner.Forget(DroppedFrom(mask, next));
            _regrown?.Changed(mask, next, (uint)round.Round);
        }

        _mask = next;
        _demand = _method.DemandFor(_rounds + 1, next);
    }

    public byte[]? SaveState()
    {
        var state = new AlgorithmState(StateName);
        state.Add<int>("rounds", [_rounds]);
        if (_regrown is not null)
        {
            state.Add<int>("epoch", [_epoch]);
            _regrown.Save(state);
        }

        if (_inner.SaveState() is { } inner)
        {
            state.Add<byte>("inner", inner);
        }

        return state.ToBytes();
    }

    public void LoadState(ReadOnlySpan<byte> state)
    {
        (_mask, _rounds, _epoch, _hasBegun) = (null, 0, 0, false);
        if (state.IsEmpty)
        {
            _inner.LoadState([]);
            return;
        }

        AlgorithmState parts = AlgorithmState.Parse(state, StateName);
        _rounds = parts.Read<int>("rounds") is [>= 0 and var rounds] ? rounds : throw new InvalidDataException("The state of a pruned model has no number of rounds.");
        if (_regrown is not null && parts.Has("epoch"))
        {
            _epoch = parts.Read<int>("epoch")[0];
            _regrown.Load(parts, _schema);
            _hasBegun = true;
        }

        _inner.LoadState(parts.Has("inner") ? parts.Bytes("inner") : []);
    }

    public void BeginEpoch(int stateEpoch)
    {
        if (stateEpoch != _epoch)
        {
            _epoch = stateEpoch;
            if (_mask is not null)
            {
                _regrown?.Begin(_mask);
            }
        }

        _inner.BeginEpoch(stateEpoch);
    }

    private static int[] DroppedFrom(ModelMask mask, ModelMask next) =>
        [.. MaskDifference.Between(mask, next).Layers.SelectMany(change => change.Dropped.Select(index => mask.Layers[change.Layer].Start + index))];

    private static DownSection Packed(DownSection section, ModelMask mask)
    {
        SectionSpec spec = PackedVectors.Under(section.Spec, mask);
        if (ReferenceEquals(spec, section.Spec))
        {
            return section;
        }

        float[] packed = new float[mask.PackedCount];
        mask.Pack(section.Values.Span, packed);
        return new DownSection(spec, packed);
    }

    private bool SendsGradients(string role) => !_demand.IsEmpty && SendsDelta(role);

    private bool SendsDelta(string role) => _inner.UpSections(role).Any(section => section.Role == SectionRole.Delta);

    private RoundAggregate Unpacked(RoundAggregate aggregate, ModelMask mask)
    {
        // By what the algorithm asks for: a vector that is not packed may be as long as one that is.
        HashSet<SectionRole> packed =
            [.. Roles.SelectMany(role => _inner.UpSections(role)).Where(section => PackedVectors.Packs(section, _parameterCount)).Select(section => section.Role)];
        return aggregate with
        {
            Sections =
            [
                .. aggregate.Sections.Where(section => section.Spec.Role != SectionRole.TopK)
                    .Select(section => packed.Contains(section.Spec.Role) ? Unpacked(section, mask) : section),
            ],
            Kept = [.. aggregate.Kept.Select(section => packed.Contains(section.Role) ? section with { Values = Unpacked(section.Values, mask) } : section)],
        };
    }

    private AggregatedSection Unpacked(AggregatedSection section, ModelMask mask)
    {
        SectionSpec spec = section.Spec.Clone();
        (spec.ElementCount, spec.MaskEpoch) = ((ulong)_parameterCount, 0);
        return section with { Spec = spec, Single = Unpacked(section.Single, mask) };
    }

    private float[] Unpacked(float[] packed, ModelMask mask)
    {
        float[] values = new float[_parameterCount];
        mask.Unpack(packed, values);
        return values;
    }

    private ImmutableArray<ReadOnlyMemory<float>> GradientsOf(RoundAggregate aggregate, ModelMask mask)
    {
        if (aggregate.Find(SectionRole.TopK) is not { } section)
        {
            return [];
        }

        return _demand.Split(mask, section.Single);
    }
}
