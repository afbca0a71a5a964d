using System.Collections.Immutable;
using System.Numerics.Tensors;
using Federated.Aggregation.Linear;
using Federated.Aggregation.ServerOptimizers;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Algorithms.FedAvg;
using Federated.Coordination.Compression;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.V1;

namespace Federated.Coordination.Anarchic;

/// <summary>
/// What the asynchronous server halves share: the judgement of arrivals, the buffer, the server optimizer and the state. A half says what a version's direction is.
/// </summary>
internal abstract class AnarchicServer : IAnarchicAlgorithm
{
    // Where staleness has no bound, a repeated id is known for so many versions.
    private const long UnboundedMemory = 1000;

    private readonly JobDefinition _job;
    private readonly AnarchicOptions _options;
    private readonly double _proximal;
    private readonly UpdateCompression? _compression;
    private float[] _direction;
    private readonly TakenIds _taken;
    private ServerOptimizer _optimizer;

    protected AnarchicServer(JobDefinition job, ModelSchema schema, AnarchicOptions options, double proximal = 0)
    {
        _job = job;
        Schema = schema;
        _options = options;
        _proximal = proximal;
        Length = schema.ParameterCount;
        _direction = new float[Length];
        Horizon = Math.Max(options.MaxStaleness, options.Policy == StalePolicy.Reject ? 0 : UnboundedMemory);
        _taken = new TakenIds(Horizon);
        _optimizer = CreateOptimizer();
        CountsByExamples = job.Aggregation.Weighting == "examples";
        _compression = DeltaFrames.WithoutFeedback(job);
        DenseSections = [.. TrainingSections.Of(schema, TrainingSections.Weighting(job))];
        UpSections = Sent(DenseSections);
    }

    public long Version { get; private set; }

    public int Buffered => Buffer.Count;

    public IReadOnlyList<string> Discarded => Buffer.Discarded;

    public virtual int Goal => _options.Buffer;

    public bool CanAdvance => Buffer.Count >= Goal;

    public bool CanFlush => Buffer.Count >= Math.Min(_options.FlushMinimum, Goal);

    public TimeSpan? FlushAfter => _options.FlushSeconds > 0 ? TimeSpan.FromSeconds(_options.FlushSeconds) : null;

    public virtual bool NeedsPulledModel => false;

    public virtual long StateBudget => long.MaxValue;

    public ImmutableArray<SectionSpec> UpSections { get; }

    /// <summary>The sections of an update that is not compressed.</summary>
    public ImmutableArray<SectionSpec> DenseSections { get; }

    /// <summary>Elements of the vectors that the half works on: all parameters, or those of a packed vector (<see cref="Resize"/>).</summary>
    public int Length { get; private set; }

    /// <summary>Versions after which no update of an earlier one is reckoned with any more.</summary>
    public long Horizon { get; }

    protected ModelSchema Schema { get; }

    protected ArrivalBuffer Buffer { get; } = new();

    /// <summary>Whether the job weighs updates by examples. Halves whose formula counts every worker once ignore it.</summary>
    protected bool CountsByExamples { get; }

    /// <summary>Whether an update is divided by its steps.</summary>
    protected abstract bool NormalisesSteps { get; }

    protected virtual bool UsesExamples => false;

    public LocalTraining TrainingFor(uint clientIndex)
    {
        LocalTraining training = LocalTrainings.Of(_job, clientIndex, clientHalf: "fedavg");
        training.Proximal = _proximal;
        training.Compression = _compression;
        return training;
    }

    public ArrivalVerdict Offer(in AnarchicUpdate update)
    {
        if (CanAdvance)
        {
            throw new InvalidOperationException($"{Buffer.Count} updates wait for version {Version + 1}: it is made before the next arrival.");
        }

        CheckLengths(update);
        if (Judge(update, out double factor) is { } refusal)
        {
            return refusal;
        }

        if (IsSuperseded(update) || !MakeWay(update))
        {
            _taken.Add(update.Id, Version);
            return ArrivalVerdict.Superseded;
        }

        long staleness = Version - update.PulledVersion;
        float[] vector = Buffer.Rent(Length);
        float[] statistics = Buffer.RentStatistics(Schema.AggregatesStatistics ? Schema.StatisticCount : 0);
        Prepare(update, factor, vector);
        update.Statistics.CopyTo(statistics);
        Buffer.Add(new Arrival
        {
            Id = update.Id,
            ClientIndex = update.ClientIndex,
            PulledVersion = update.PulledVersion,
            Staleness = staleness,
            Steps = update.Steps,
            Examples = update.Examples,
            Weight = WeightOf(staleness) * Reduction(staleness),
            Vector = vector,
            Statistics = statistics,
        });
        _taken.Add(update.Id, Version);
        return ArrivalVerdict.Buffered;
    }

    public AdvanceResult Advance(ModelContent model) => Advance(model.Parameters, model.Statistics);

    /// <summary>Makes the next version of a vector of <see cref="Length"/>.</summary>
    public AdvanceResult Advance(Span<float> parameters, Span<float> statistics)
    {
        if (!CanAdvance && !CanFlush)
        {
            throw new InvalidOperationException($"{Buffer.Count} updates wait; version {Version + 1} takes {Goal}.");
        }

        CountedArrival[] counted = [.. Buffer.Arrivals.Select(arrival => arrival.ToCounted())];
        string? unmoved = Direct(Buffer.Arrivals, parameters, _direction);
        if (unmoved is null)
        {
            _optimizer.Step(parameters, _direction);
            MixStatistics(statistics);
        }

        Buffer.Clear();
        Version++;
        _taken.Forget(Version);
        return new AdvanceResult(
            Version, unmoved is null ? Math.Sqrt(VectorMath.SquaredNorm(_direction)) : 0, unmoved, counted, Buffer.TakeDiscarded());
    }

    public virtual void Leave(uint clientIndex)
    {
    }

    /// <summary>The sections as they are sent: the difference as a frame where the job compresses.</summary>
    public ImmutableArray<SectionSpec> Sent(IEnumerable<SectionSpec> sections) => _compression is null ? [.. sections] : DeltaFrames.Of(sections);

    /// <summary>Works on vectors of another length from the start of a job, or from a state of that length, on.</summary>
    public void Resize(int length)
    {
        if (length != Length)
        {
            Length = length;
            _direction = new float[length];
            _optimizer = CreateOptimizer();
            Buffer.DropSpare();
            Reset();
        }
    }

    /// <summary>The mask has changed: whatever is remembered of vectors is carried to the other one. The buffer is empty.</summary>
    public void Carry(MaskRemap remap)
    {
        Length = remap.ToCount;
        _direction = new float[Length];
        ServerOptimizer optimizer = CreateOptimizer();
        optimizer.Continue(_optimizer, (before, next) => remap.Overlay<float>(before, next));
        _optimizer = optimizer;
        Buffer.DropSpare();
        Remap(remap);
    }

    public byte[] SaveState()
    {
        var state = new AlgorithmState(_job.Algorithm.Name);
        state.Add<long>("version", [Version]);
        state.Add<byte>("taken", _taken.ToBytes());
        if (_optimizer.Name != ServerOptimizerNames.Sgd)
        {
            state.Add<byte>("optimizer", _optimizer.ExportState());
        }

        Save(state);
        return state.ToBytes();
    }

    public void LoadState(ReadOnlySpan<byte> state)
    {
        Version = 0;
        _taken.Clear();
        Buffer.Clear();
        Buffer.TakeDiscarded();
        _optimizer = CreateOptimizer();
        Reset();
        if (state.IsEmpty)
        {
            return;
        }

        AlgorithmState parts = AlgorithmState.Parse(state, _job.Algorithm.Name);
        Version = parts.Read<long>("version")[0];
        _taken.Load(parts.Bytes("taken"));
        if (parts.Has("optimizer"))
        {
            _optimizer.ImportState(parts.Bytes("optimizer"));
        }

        Load(parts);
    }

    /// <summary>Finds the direction of the next version; a reason when there is none and the model stays.</summary>
    /// <param name="arrivals">At least one.</param>
    /// <param name="parameters">Of the present version.</param>
    /// <param name="direction">Takes what is added to the parameters at server rate 1.</param>
    protected abstract string? Direct(IReadOnlyList<Arrival> arrivals, ReadOnlySpan<float> parameters, Span<float> direction);

    /// <summary>s(tau).</summary>
    protected virtual double WeightOf(long staleness) => 1;

    /// <summary>Fills the vector that is buffered.</summary>
    /// <param name="update">The update.</param>
    /// <param name="factor">Normalises and clips the difference.</param>
    /// <param name="vector">The memory.</param>
    protected virtual void Prepare(in AnarchicUpdate update, double factor, Span<float> vector) =>
        TensorPrimitives.Multiply(update.Delta, (float)factor, vector);

    /// <summary>Whether the half holds something of the same worker that this one may not replace.</summary>
    protected virtual bool IsSuperseded(in AnarchicUpdate update) => false;

    /// <summary>Whether there is no room for a worker that was never seen.</summary>
    protected virtual bool IsFull(uint clientIndex) => false;

    /// <summary>Share of the buffer's mean in the next statistics.</summary>
    protected virtual double StatisticsShare => 1;

    protected virtual void Save(AlgorithmState state)
    {
    }

    protected virtual void Load(AlgorithmState state)
    {
    }

    protected virtual void Reset()
    {
    }

    /// <summary>Carries what a half remembers of vectors from one mask to another.</summary>
    protected virtual void Remap(MaskRemap remap)
    {
    }

    /// <summary>The mean of the buffered vectors, each reduced by its own factor.</summary>
    /// <param name="arrivals">The updates.</param>
    /// <param name="byExamples">Whether they count by their examples.</param>
    /// <param name="destination">Takes the mean.</param>
    protected static void Mean(IReadOnlyList<Arrival> arrivals, bool byExamples, Span<float> destination)
    {
        double total = arrivals.Sum(arrival => byExamples ? arrival.Examples : 1);
        double[] coefficients = [.. arrivals.Select(arrival => arrival.Weight * (byExamples ? arrival.Examples : 1) / total)];
        WeightedSum.Compute([.. arrivals.Select(arrival => (ReadOnlyMemory<float>)arrival.Vector)], coefficients, destination, degree: 1);
    }

    private ArrivalVerdict? Judge(in AnarchicUpdate update, out double factor)
    {
        factor = 1;
        if (_taken.Has(update.Id))
        {
            return ArrivalVerdict.Duplicate;
        }

        long staleness = Version - update.PulledVersion;
        if (staleness < 0 || update.PulledVersion < 0)
        {
            return ArrivalVerdict.VersionUnknown;
        }

        if (update.Steps < 1)
        {
            return ArrivalVerdict.NoSteps;
        }

        if (update.Steps > _job.Bounds.MaxSteps)
        {
            return ArrivalVerdict.TooManySteps;
        }

        if (staleness > _options.MaxStaleness && _options.Policy == StalePolicy.Reject)
        {
            return ArrivalVerdict.TooStale;
        }

        if (UsesExamples && CountsByExamples && !(update.Examples > 0 && double.IsFinite(update.Examples)))
        {
            return ArrivalVerdict.NoExamples;
        }

        if (Factor(update, out factor) is { } wrong)
        {
            return wrong;
        }

        return IsFull(update.ClientIndex) ? ArrivalVerdict.MemoryFull : null;
    }

    private ArrivalVerdict? Factor(in AnarchicUpdate update, out double factor)
    {
        factor = 1;
        double steps = update.EffectiveSteps != 0 ? update.EffectiveSteps : EffectiveSteps.Of(_job.Local, _proximal, update.Steps);
        if (NormalisesSteps && !(steps >= 1))
        {
            return ArrivalVerdict.NoSteps;
        }

        // Momentum counts each gradient at most 1/(1 - rho) times.
        if (NormalisesSteps && steps > _job.Bounds.MaxSteps / (1 - _job.Local.Momentum))
        {
            return ArrivalVerdict.TooManySteps;
        }

        if (!VectorMath.FiniteSquaredNorm(update.Delta, out double square) || (!update.Statistics.IsEmpty && !TensorPrimitives.IsFiniteAll(update.Statistics)))
        {
            return ArrivalVerdict.NotFinite;
        }

        factor = NormalisesSteps ? 1 / steps : 1;
        double norm = Math.Sqrt(square) * factor;
        if (_options.Clip > 0 && norm > _options.Clip)
        {
            factor *= _options.Clip / norm;
        }

        return null;
    }

    /// <summary>Takes an earlier update of the same worker out of the buffer; false when it is this one that has to go.</summary>
    private bool MakeWay(in AnarchicUpdate update)
    {
        if (_options.Repeats || Buffer.Find(update.ClientIndex) is not { } earlier)
        {
            return true;
        }

        if (earlier.PulledVersion > update.PulledVersion)
        {
            return false;
        }

        Buffer.Discard(earlier);
        return true;
    }

    private double Reduction(long staleness) =>
        _options.Policy == StalePolicy.DownWeight && staleness > _options.MaxStaleness ? (1.0 + _options.MaxStaleness) / (1.0 + staleness) : 1;

    private void MixStatistics(Span<float> statistics)
    {
        if (!Schema.AggregatesStatistics)
        {
            return;
        }

        float[] mean = new float[statistics.Length];
        WeightedMean.Compute(
            [.. Buffer.Arrivals.Select(arrival => (ReadOnlyMemory<float>)arrival.Statistics)],
            [.. Buffer.Arrivals.Select(arrival => arrival.Weight * (UsesExamples && CountsByExamples ? arrival.Examples : 1))], mean, degree: 1);
        TensorPrimitives.Lerp<float>(statistics, mean, (float)StatisticsShare, statistics);
    }

    private void CheckLengths(in AnarchicUpdate update)
    {
        int statistics = Schema.AggregatesStatistics ? Schema.StatisticCount : 0;
        if (update.Delta.Length != Length || update.Statistics.Length != statistics
            || (NeedsPulledModel && update.PulledParameters.Length != Length))
        {
            throw new ArgumentException(
                $"Update {update.Id} has {update.Delta.Length} elements, {update.Statistics.Length} statistics and {update.PulledParameters.Length} pulled parameters; the model has {Length} and {statistics}.");
        }
    }

    private ServerOptimizer CreateOptimizer() => FedAvgServer.CreateOptimizer(_job.ServerOptimizer, Length);
}
