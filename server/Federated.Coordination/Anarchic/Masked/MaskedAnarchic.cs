using System.Collections.Immutable;
using System.Globalization;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Pruning;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.V1;

namespace Federated.Coordination.Anarchic.Masked;

/// <summary>
/// An asynchronous half of a sparse model. The half works on packed vectors: differences come packed, one from under an earlier mask is carried to the present one (<see cref="MaskRemap"/>) before it is
/// offered, and what the half remembers is carried when the mask changes. Versions are what adjustments count.
/// </summary>
/// <remarks>
/// Workers that pull while an adjustment is due send gradients, and the mask is adjusted with the first version by which as many have come as devices are at work at a time, or as a buffer has if
/// that is more. Until then it stays, so all gradients of an adjustment are under one mask.
/// </remarks>
internal sealed class MaskedAnarchic : IAnarchicAlgorithm
{
    private const string StateName = "masked";

    private readonly AnarchicServer _inner;
    private readonly IPruningMethod _method;
    private readonly JobDefinition _job;
    private readonly bool _remaps;
    private readonly FormTable _forms = new();
    private readonly CollectedGradients _collected = new();
    private readonly Dictionary<string, (float[] Values, double Weight)> _arrived = new(StringComparer.Ordinal);
    private readonly Dictionary<long, MaskRemap> _ways = [];
    private ModelContent? _model;
    private ModelMask? _mask;
    private PruningDemand _demand = PruningDemand.None;
    private int _due;

    public MaskedAnarchic(AnarchicServer inner, IPruningMethod method, JobDefinition job)
    {
        _inner = inner;
        _method = method;
        _job = job;
        _remaps = job.Pruning.Remaps(isAsynchronous: true);
    }

    public long Version => _inner.Version;

    public int Buffered => _inner.Buffered;

    public IReadOnlyList<string> Discarded => _inner.Discarded;

    public int Goal => _inner.Goal;

    public bool CanAdvance => _inner.CanAdvance;

    public bool CanFlush => _inner.CanFlush;

    public TimeSpan? FlushAfter => _inner.FlushAfter;

    public bool NeedsPulledModel => _inner.NeedsPulledModel;

    public long StateBudget => _inner.StateBudget;

    public string Role => _forms.Present.Role;

    public ImmutableArray<AnarchicForm> Forms => _forms.All;

    public AnarchicForm FormOf(string role) => _forms.Find(role) ?? throw new InvalidOperationException($"No update of the form '{role}' may arrive.");

    public ImmutableArray<SectionSpec> UpSections => _forms.Present.Sections;

    private ModelMask Mask => _mask ?? throw new InvalidOperationException("The algorithm does not know its model yet, or the model has no mask.");

    private int GradientsWanted => Math.Max(_inner.Goal, _job.Round.CohortSize);

    public void Follow(ModelContent model)
    {
        _model = model;
        _mask = model.Mask ?? throw new InvalidOperationException("The model of a job with pruning has no mask.");
        _ways.Clear();
        if (_forms.IsEmpty)
        {
            _inner.Resize(_mask.PackedCount);
            Begin(_mask);
        }
        else if (_forms.Present.MaskEpoch != _mask.Epoch || _inner.Length != _mask.PackedCount)
        {
            throw new InvalidDataException($"The state is under mask {_forms.Present.MaskEpoch} of {_inner.Length} elements, the model under mask {_mask.Epoch} of {_mask.PackedCount}.");
        }

        _demand = _due > 0 ? _method.DemandFor(_due, _mask) : PruningDemand.None;
    }

    public bool NeedsPulledMask(string role) => _forms.Find(role) is { } form && form.MaskEpoch != Mask.Epoch;

    public LocalTraining TrainingFor(uint clientIndex)
    {
        LocalTraining training = _inner.TrainingFor(clientIndex);
        if (_due > 0)
        {
            training.Gradients = _demand.ToTask(_job.Pruning);
        }

        return training;
    }

    public ArrivalVerdict Offer(in AnarchicUpdate update)
    {
        ModelMask mask = Mask;
        if (_forms.Find(update.Role) is not { } form)
        {
            return ArrivalVerdict.OtherMask;
        }

        ReadOnlySpan<float> delta = update.Delta;
        MaskRemap? way = null;
        if (form.MaskEpoch != mask.Epoch)
        {
            if (update.PulledMask is not { } from || from.Epoch != form.MaskEpoch)
            {
                return ArrivalVerdict.OtherMask;
            }

            way = WayFrom(from, mask);
            delta = way.Map(delta);
        }

        ArrivalVerdict verdict = _inner.Offer(new AnarchicUpdate
        {
            Id = update.Id,
            ClientIndex = update.ClientIndex,
            PulledVersion = update.PulledVersion,
            Steps = update.Steps,
            EffectiveSteps = update.EffectiveSteps,
            Examples = update.Examples,
            Delta = delta,
            Statistics = update.Statistics,
            PulledParameters = NeedsPulledModel ? Pulled(update, mask, way) : [],
        });
        if (verdict == ArrivalVerdict.Buffered && _due > 0 && form == _forms.Present && update.Examples > 0 && double.IsFinite(update.Examples))
        {
            _arrived[update.Id] = (update.Gradients.ToArray(), update.Examples);
        }

        return verdict;
    }

    public AdvanceResult Advance(ModelContent model)
    {
        ModelMask mask = Mask;
        float[] before = [.. model.Parameters];
        float[] packed = new float[mask.PackedCount];
        mask.Pack(before, packed);
        AdvanceResult result = _inner.Advance(packed, model.Statistics);
        mask.Unpack(packed, model.Parameters);
        foreach (CountedArrival counted in result.Counted)
        {
            if (_arrived.TryGetValue(counted.Id, out (float[] Values, double Weight) gradients))
            {
                _collected.Add(gradients.Values, gradients.Weight);
            }
        }

        _arrived.Clear();
        ModelMask next = Adjusted(mask, before, model.Parameters);
        if (!ReferenceEquals(next, mask))
        {
            model.Use(next.Epoch == mask.Epoch + 1 ? next : throw new InvalidOperationException($"The mask of epoch {mask.Epoch} was changed into one of epoch {next.Epoch}."));
            _inner.Carry(MaskRemap.Between(mask, next));
            _ways.Clear();
            _mask = next;
        }

        Begin(next);
        return result;
    }

    public void Leave(uint clientIndex) => _inner.Leave(clientIndex);

    public byte[] SaveState()
    {
        var state = new AlgorithmState(StateName);
        state.Add<int>("due", [_due, _inner.Length]);
        state.Add<byte>("forms", _forms.ToBytes());
        _collected.Save(state);
        state.Add<byte>("inner", _inner.SaveState());
        return state.ToBytes();
    }

    public void LoadState(ReadOnlySpan<byte> state)
    {
        (_mask, _due, _demand) = (null, 0, PruningDemand.None);
        _arrived.Clear();
        _forms.Clear();
        _collected.Clear();
        if (state.IsEmpty)
        {
            _inner.LoadState([]);
            return;
        }

        AlgorithmState parts = AlgorithmState.Parse(state, StateName);
        if (parts.Read<int>("due") is not [>= 0 and var due, >= 0 and var length])
        {
            throw new InvalidDataException("The state of a masked model does not say what is due.");
        }

        _due = due;
        _forms.Load(parts.Bytes("forms"));
        _collected.Load(parts);
        _inner.Resize(length);
        _inner.LoadState(parts.Bytes("inner"));
    }

    /// <summary>What the version asks of workers that pull it, and which updates may still come.</summary>
    private void Begin(ModelMask mask)
    {
        if (_due == 0)
        {
            int number = checked((int)Version) + 1;
            _demand = _method.DemandFor(number, mask);
            _due = _demand.IsEmpty ? 0 : number;
        }

        IEnumerable<SectionSpec> sections = _inner.Sent(_inner.DenseSections.Select(section => PackedVectors.Under(section, mask)));
        _forms.Present = new AnarchicForm(
            string.Create(CultureInfo.InvariantCulture, $"{DeviceRoles.Worker}-m{mask.Epoch}{(_due > 0 ? $"-a{_due}" : "")}"),
            mask.Epoch,
            _due > 0 ? [.. sections, _demand.Section(mask, _job.Pruning)] : [.. sections]);
        _forms.Keep(Version, form => _remaps || form.MaskEpoch == mask.Epoch, _inner.Horizon);
    }

    /// <summary>The mask of the next version; the same one when nothing is due, or too few gradients have come for what is.</summary>
    private ModelMask Adjusted(ModelMask mask, float[] before, float[] after)
    {
        if (_due > 0 && _collected.Count < GradientsWanted)
        {
            return mask;
        }

        int number = _due > 0 ? _due : checked((int)Version);
        ModelMask next = _method.Next(new PruningRound(number, mask, before, after, _demand, _due > 0 ? _collected.Means(mask, _demand) : []));
        (_due, _demand) = (0, PruningDemand.None);
        _collected.Clear();
        return next;
    }

    /// <summary>
    /// What the worker started from, packed under the present mask. Where its mask lacked a coordinate, it is taken to have left the present value alone.
    /// </summary>
    private float[] Pulled(in AnarchicUpdate update, ModelMask mask, MaskRemap? way)
    {
        float[] pulled = new float[mask.PackedCount];
        if (way is null)
        {
            mask.Pack(update.PulledParameters, pulled);
            return pulled;
        }

        float[] packed = new float[way.FromCount];
        update.PulledMask!.Pack(update.PulledParameters, packed);
        mask.Pack(_model!.Parameters, pulled);
        way.Overlay<float>(packed, pulled);
        return pulled;
    }

    private MaskRemap WayFrom(ModelMask from, ModelMask mask)
    {
        if (!_ways.TryGetValue(from.Epoch, out MaskRemap? way))
        {
            _ways[from.Epoch] = way = MaskRemap.Between(from, mask);
        }

        return way;
    }
}
