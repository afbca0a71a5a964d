using Federated.Client.Pruning;
using Federated.Client.Sparse.Training;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Statistics;

namespace Federated.Client.Sparse;

/// <summary>
/// A <see cref="SparseObjective"/> behind flat vectors of the whole model, as algorithms hold them: parameters are packed before a pass, gradients unpacked after it, zero where the mask is inactive.
/// Without a mask the model is dense, which the runtime can run but not quickly.
/// </summary>
public sealed class MaskedSparseObjective : IExampleObjective, INormalisationObjective, IGradientSelector
{
    private readonly SparseArchitecture _architecture;
    private readonly ModelSchema _schema;
    private readonly int _workers;
    private readonly float[] _statistics;
    private readonly long[] _counts;
    private SparseObjective? _current;
    private ModelMask? _mask;
    private ExampleSet? _examples;
    private ReadOnlyMemory<int> _rows;
    private float[] _packed = [];
    private float[] _gradient = [];

    /// <summary>Creates the objective; <see cref="Select"/> gives it examples.</summary>
    /// <param name="architecture">The layers; the last puts out one score for each class.</param>
    /// <param name="schema">The model's tensors, among them those that the layers name.</param>
    /// <param name="workers">Threads of one pass, at least 1. Default: 1.</param>
    public MaskedSparseObjective(SparseArchitecture architecture, ModelSchema schema, int workers = 1)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        _architecture = architecture;
        _schema = schema;
        _workers = workers;
        _statistics = new float[schema.StatisticCount];
        _counts = new long[schema.CountCount];
    }

    /// <inheritdoc />
    public int ParameterCount => _schema.ParameterCount;

    /// <inheritdoc />
    public int StatisticCount => _schema.StatisticCount;

    /// <inheritdoc />
    public int CountCount => _schema.CountCount;

    /// <inheritdoc />
    public int ExampleCount => _rows.Length;

    /// <inheritdoc />
    public ExampleSet Examples => _examples ?? throw new InvalidOperationException("Select examples first.");

    /// <inheritdoc />
    public ReadOnlyMemory<int> Rows => _rows;

    /// <summary>The mask of the following passes; null for a dense model.</summary>
    /// <exception cref="ArgumentException">The mask is of a model of another size.</exception>
    public ModelMask? Mask
    {
        get => _mask;
        set
        {
            SolverArguments.CheckMask(value, ParameterCount);
            _mask = value;
        }
    }

    /// <inheritdoc />
    public void Select(ExampleSet examples, ReadOnlyMemory<int> indices)
    {
        ArgumentNullException.ThrowIfNull(examples);
        _current?.Select(examples, indices);
        _examples = examples;
        _rows = indices;
    }

    /// <inheritdoc />
    public void LoadStatistics(ReadOnlySpan<float> statistics, ReadOnlySpan<long> counts)
    {
        SolverArguments.CheckLength(StatisticCount, statistics.Length, nameof(statistics));
        statistics.CopyTo(_statistics);
        if (!counts.IsEmpty)
        {
            SolverArguments.CheckLength(CountCount, counts.Length, nameof(counts));
            counts.CopyTo(_counts);
        }

        _current?.LoadStatistics(statistics, counts);
    }

    /// <inheritdoc />
    public void StoreStatistics(Span<float> statistics, Span<long> counts)
    {
        if (_current is not null)
        {
            _current.StoreStatistics(statistics, counts);
            return;
        }

        SolverArguments.CheckLength(StatisticCount, statistics.Length, nameof(statistics));
        _statistics.CopyTo(statistics);
        if (!counts.IsEmpty)
        {
            SolverArguments.CheckLength(CountCount, counts.Length, nameof(counts));
            _counts.CopyTo(counts);
        }
    }

    /// <inheritdoc />
    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient)
    {
        SparseObjective current = Packed(parameters, Current());
        double loss = current.LossAndGradient(_packed, batch, _gradient);
        current.Mask.Unpack(_gradient, gradient);
        return loss;
    }

    /// <inheritdoc />
    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch) => Packed(parameters, ForwardOf(parameters)).Loss(_packed, batch);

    /// <inheritdoc />
    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) =>
        Packed(parameters, ForwardOf(parameters)).Evaluate(_packed, cancellationToken);

    /// <inheritdoc />
    public void SumNormalisationInputs(ReadOnlySpan<float> parameters, MomentSums sums, CancellationToken cancellationToken = default) =>
        Packed(parameters, ForwardOf(parameters)).SumNormalisationInputs(_packed, sums, cancellationToken);

    /// <inheritdoc />
    public GradientSelection SelectGradients(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, GradientRequest request, Span<int> indices, Span<float> values)
    {
        ArgumentNullException.ThrowIfNull(request);
        SparseObjective current = Packed(parameters, Current(request.Mask));
        var heaps = new GradientHeaps(request);
        double loss = current.Pass(_packed, batch, _gradient, new DenseRows(heaps.Positions, heaps.Offer));
        return double.IsFinite(loss) ? heaps.Drain(indices, values) : new GradientSelection(0, false);
    }

    /// <summary>The objective over packed vectors under the current mask.</summary>
    internal SparseObjective Current() => Current(_mask ?? (_current is { Mask.Density: 1 } ? _current.Mask : ModelMask.Full(_schema, 0)));

    private SparseObjective Current(ModelMask mask)
    {
        if (_current is not null && (ReferenceEquals(_current.Mask, mask) || _current.Mask.Hash.SequenceEqual(mask.Hash)))
        {
            return _current;
        }

        StoreStatistics(_statistics, _counts);
        _current = new SparseObjective(_architecture, _schema, mask, _workers);
        _current.LoadStatistics(_statistics, _counts);
        if (_examples is not null)
        {
            _current.Select(_examples, _rows);
        }

        _packed = new float[mask.PackedCount];
        _gradient = new float[mask.PackedCount];
        return _current;
    }

    // A model is often evaluated after its mask was taken away; what is zero elsewhere may still run under the last one.
    private SparseObjective ForwardOf(ReadOnlySpan<float> parameters) =>
        _mask is null && _current is not null && IsZeroOutside(_current.Mask, parameters) ? _current : Current();

    private SparseObjective Packed(ReadOnlySpan<float> parameters, SparseObjective current)
    {
        current.Mask.Pack(parameters, _packed);
        return current;
    }

    private static bool IsZeroOutside(ModelMask mask, ReadOnlySpan<float> parameters)
    {
        for (int l = 0; l < mask.Layers.Length; l++)
        {
            ReadOnlySpan<float> layer = parameters.Slice(mask.Layers[l].Start, mask.Layers[l].Count);
            int from = 0;
            foreach (int index in mask.Active(l))
            {
                if (layer[from..index].ContainsAnyExcept(0f))
                {
                    return false;
                }

                from = index + 1;
            }

            if (layer[from..].ContainsAnyExcept(0f))
            {
                return false;
            }
        }

        return true;
    }
}
