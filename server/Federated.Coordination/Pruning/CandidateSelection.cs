using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Sections;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;

namespace Federated.Coordination.Pruning;

/// <summary>
/// Finds the first mask of a sparse model: in one round devices sum the inputs of the normalisation layers under every candidate (a model without such layers skips it); in the next they evaluate the
/// candidates with the pooled statistics, and the best one becomes the mask. The server and the simulator both drive it; it knows nothing of how rounds are held.
/// </summary>
public sealed class CandidateSelection
{
    private const string StateName = "selecting";
    private const string PooledPart = "pooled";
    private const string ClientHalf = "candidates";
    private const int LossWidth = 2;

    private readonly IPruningMethod _method;
    private readonly JobDefinition _job;
    private readonly ModelSchema _schema;
    private readonly int _channels;
    private float[] _pooled = [];

    /// <summary>Prepares the choice.</summary>
    /// <param name="method">Makes the candidates.</param>
    /// <param name="job">The job.</param>
    /// <param name="schema">The model.</param>
    public CandidateSelection(IPruningMethod method, JobDefinition job, ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        _method = method;
        _job = job;
        _schema = schema;
        _channels = NormalisationLayer.Of(schema).Sum(layer => layer.Channels);
    }

    /// <summary>Whether a round of the choice is next; otherwise the model has its mask.</summary>
    public bool IsOpen => !Masks.IsEmpty;

    /// <summary>The candidates, while the choice is open.</summary>
    public ImmutableArray<ModelMask> Masks { get; private set; } = [];

    /// <summary>Whether devices sum the inputs of normalisation layers in the next round; otherwise losses.</summary>
    public bool SumsInputs => _channels > 0 && _pooled.Length == 0;

    /// <summary>Statistics of all candidates, one behind the other, once they are pooled.</summary>
    public ReadOnlyMemory<float> Pooled => _pooled;

    /// <summary>What an update carries.</summary>
    public ImmutableArray<SectionSpec> UpSections =>
        [SectionSpecs.Dense(SectionRole.Scalars, SectionDType.F64, (long)Masks.Length * (SumsInputs ? MomentSums.Width * _channels : LossWidth), SectionDenominator.None)];

    /// <summary>What devices are sent besides the model.</summary>
    public ImmutableArray<DownSection> DownSections => _pooled.Length == 0
        ? []
        : [new DownSection(SectionSpecs.Dense(SectionRole.BnStatistics, SectionDType.F32, _pooled.Length, SectionDenominator.None), _pooled)];

    /// <summary>Begins, or goes on after a restart; a model that has a mask needs no choice.</summary>
    /// <param name="model">The current model.</param>
    /// <param name="state">What <see cref="SaveState"/> gave with it; empty at the beginning.</param>
    public void Follow(ModelContent model, ReadOnlySpan<byte> state)
    {
        ArgumentNullException.ThrowIfNull(model);
        Masks = model.Mask is null ? _method.Candidates(model.Parameters) : [];
        _pooled = model.Mask is null && !state.IsEmpty ? AlgorithmState.Parse(state, StateName).Read<float>(PooledPart) : [];
        int expected = Masks.Length * _schema.StatisticCount;
        if (_pooled.Length > 0 && _pooled.Length != expected)
        {
            throw new InvalidDataException($"The saved choice has {_pooled.Length} statistics; {Masks.Length} candidates of this model have {expected}.");
        }
    }

    /// <summary>What a device is to do.</summary>
    /// <param name="clientIndex">Stands for the device.</param>
    public LocalTraining TrainingFor(uint clientIndex)
    {
        LocalTraining training = LocalTrainings.Of(_job, clientIndex, ClientHalf);
        training.Candidates = new MaskCandidates { SumsInputs = SumsInputs };
        foreach (ModelMask mask in Masks)
        {
            var candidate = new MaskCandidate();
            candidate.Active.AddRange(mask.Counts.Select(count => (uint)count));
            training.Candidates.Masks.Add(candidate);
        }

        return training;
    }

    /// <summary>Takes the sums of a round. After the last one the model has its mask, and the statistics that fit it.</summary>
    /// <param name="aggregate">The sums; of a round in which nobody answered nothing is taken, and it has to be held again.</param>
    /// <param name="model">The model, changed in place.</param>
    /// <returns>What decided, when the choice is made; null before.</returns>
    public CandidateOutcome? Take(RoundAggregate aggregate, ModelContent model)
    {
        ArgumentNullException.ThrowIfNull(aggregate);
        ArgumentNullException.ThrowIfNull(model);
        double[] sums = aggregate.Find(SectionRole.Scalars)?.Wide ?? [];
        if (sums.Length == 0)
        {
            return null;
        }

        if (SumsInputs)
        {
            _pooled = Pool(sums, model);
            return null;
        }

        double[] losses = [.. Masks.Select((_, c) => sums[LossWidth * c])], predictions = [.. Masks.Select((_, c) => sums[(LossWidth * c) + 1])];
        int best = CandidateChoice.Best(losses, predictions);
        if (_pooled.Length > 0)
        {
            _pooled.AsSpan(best * _schema.StatisticCount, _schema.StatisticCount).CopyTo(model.Statistics);
        }

        model.Use(Masks[best]);
        (Masks, _pooled) = ([], []);
        return new CandidateOutcome(best, losses, predictions);
    }

    /// <summary>What a restart between the rounds needs; null at the beginning.</summary>
    public byte[]? SaveState()
    {
        if (_pooled.Length == 0)
        {
            return null;
        }

        var state = new AlgorithmState(StateName);
        state.Add<float>(PooledPart, _pooled);
        return state.ToBytes();
    }

    private float[] Pool(double[] sums, ModelContent model)
    {
        int width = MomentSums.Width * _channels, statistics = _schema.StatisticCount;
        float[] pooled = new float[Masks.Length * statistics];
        for (int c = 0; c < Masks.Length; c++)
        {
            Span<float> own = pooled.AsSpan(c * statistics, statistics);
            model.Statistics.CopyTo(own);
            CandidateStatistics.Pool(_schema, new MomentSums(sums.AsSpan(c * width, width)), own);
        }

        return pooled;
    }
}
