using Federated.Client.Sparse.Inference;
using Federated.Client.Sparse.Training;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Statistics;

namespace Federated.Client.Sparse;

/// <summary>
/// Softmax cross-entropy of a masked network over the packed vector of its mask (<see cref="ModelMask"/>): the active weights and every parameter that is not prunable. Weights, gradients and
/// whatever an optimizer keeps are of that length, so memory for them follows the active weights; <see cref="SgdSolver"/> trains it as it does any objective.
/// </summary>
/// <remarks>
/// Memory for the values between the layers is taken for the batch sizes in use, at most three (whole batches, the rest of a pass, the 16 examples of an evaluation), and kept. The bits of a result do not depend on the number of workers.
/// </remarks>
public sealed unsafe class SparseObjective : INormalisationObjective, IExampleObjective
{
    private const int EvaluationLanes = 16;
    private const int StatisticsLanes = 64;
    private const int MostGraphs = 3;

    private readonly TrainingModel _model;
    private readonly List<TrainingGraph> _graphs = [];
    private readonly float[] _row;
    private ExampleSet? _examples;
    private ReadOnlyMemory<int> _rows;
    private int[] _labels = [];

    /// <summary>Creates the objective; <see cref="Select"/> gives it examples.</summary>
    /// <param name="architecture">The layers; the last puts out one score for each class.</param>
    /// <param name="schema">The model's tensors, among them those that the layers name.</param>
    /// <param name="mask">The active weights.</param>
    /// <param name="workers">Threads of one pass, at least 1. Default: 1.</param>
    /// <exception cref="ArgumentException">The schema or the mask does not fit the architecture; the message names the tensor.</exception>
    public SparseObjective(SparseArchitecture architecture, ModelSchema schema, ModelMask mask, int workers = 1)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(schema);
        ArgumentNullException.ThrowIfNull(mask);
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        _model = new TrainingModel(architecture, schema, mask, workers);
        _row = new float[_model.InputShape.Length];
    }

    /// <summary>The mask whose packed vectors the objective takes.</summary>
    public ModelMask Mask => _model.Mask;

    /// <inheritdoc />
    public int ParameterCount => _model.Mask.PackedCount;

    /// <inheritdoc />
    public int StatisticCount => _model.Schema.StatisticCount;

    /// <inheritdoc />
    public int CountCount => _model.Schema.CountCount;

    /// <inheritdoc />
    public int ExampleCount => _rows.Length;

    /// <inheritdoc />
    public ExampleSet Examples => _examples ?? throw new InvalidOperationException("Select examples first.");

    /// <inheritdoc />
    public ReadOnlyMemory<int> Rows => _rows;

    /// <summary>Bytes of the structure of the active weights: their places by rows and by columns, and a copy in the order of columns.</summary>
    public long StructureBytes => _model.Weights.Sum(weights => weights?.Bytes ?? 0);

    /// <inheritdoc />
    public void Select(ExampleSet examples, ReadOnlyMemory<int> indices)
    {
        ArgumentNullException.ThrowIfNull(examples);
        if (examples.FeatureLength != _model.InputShape.Length || examples.LabelLength != 1 || examples.ClassCount > _model.Classes)
        {
            throw new ArgumentException(
                $"The network takes {_model.InputShape.Length} features and 1 label below {_model.Classes}; the examples have {examples.FeatureLength} features and {examples.LabelLength} label(s) below {examples.ClassCount}.",
                nameof(examples));
        }

        _examples = examples;
        _rows = indices;
    }

    /// <inheritdoc />
    public void LoadStatistics(ReadOnlySpan<float> statistics, ReadOnlySpan<long> counts)
    {
        SolverArguments.CheckLength(StatisticCount, statistics.Length, nameof(statistics));
        statistics.CopyTo(_model.Context.Statistics);
        if (!counts.IsEmpty)
        {
            SolverArguments.CheckLength(CountCount, counts.Length, nameof(counts));
            counts.CopyTo(_model.Context.Counts);
        }
    }

    /// <inheritdoc />
    public void StoreStatistics(Span<float> statistics, Span<long> counts)
    {
        SolverArguments.CheckLength(StatisticCount, statistics.Length, nameof(statistics));
        _model.Context.Statistics.CopyTo(statistics);
        if (!counts.IsEmpty)
        {
            SolverArguments.CheckLength(CountCount, counts.Length, nameof(counts));
            _model.Context.Counts.CopyTo(counts);
        }
    }

    /// <inheritdoc />
    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient) => Pass(parameters, batch, gradient, null);

    /// <inheritdoc />
    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        TrainingGraph graph = Forward(parameters, batch, GraphFor(batch.Length));
        return CrossEntropy.Mean(graph.Output.Value, _labels.AsSpan(0, batch.Length), null);
    }

    /// <inheritdoc />
    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default)
    {
        // Examples do not depend on each other here, so the last batch may leave lanes unused. The number of lanes, and so the order of the sums, does not depend on what was trained before.
        TrainingGraph graph = GraphFor(EvaluationLanes);
        Span<int> batch = new int[graph.Lanes];
        var total = new Evaluation(0, 0, 0);
        for (int start = 0; start < ExampleCount; start += graph.Lanes)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Span<int> part = batch[..Math.Min(graph.Lanes, ExampleCount - start)];
            for (int i = 0; i < part.Length; i++)
            {
                part[i] = start + i;
            }

            Forward(parameters, part, graph);
            total += CrossEntropy.Evaluate(graph.Output.Value, _labels.AsSpan(0, part.Length));
        }

        return total;
    }

    /// <inheritdoc />
    public void SumNormalisationInputs(ReadOnlySpan<float> parameters, MomentSums sums, CancellationToken cancellationToken = default)
    {
        IReadOnlyDictionary<int, int> columns = _model.NormColumns(out int count);
        SolverArguments.CheckLength(count, sums.Columns, nameof(sums));
        Span<int> batch = new int[StatisticsLanes + 1];
        for (int start = 0, length; start < ExampleCount; start += length)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // One example alone has no batch to be normalised by.
            int left = ExampleCount - start;
            length = left > batch.Length ? StatisticsLanes : left;
            for (int i = 0; i < length; i++)
            {
                batch[i] = start + i;
            }

            TrainingGraph graph = Forward(parameters, batch[..length], GraphFor(length), usesBatch: ExampleCount > 1);
            foreach (NormOperation norm in graph.Norms)
            {
                norm.AddMoments(sums, columns[norm.Places.Mean]);
            }
        }
    }

    /// <summary>The gradient by the packed parameters and, where asked for, the dense gradients of some layers; the running statistics move only without.</summary>
    internal double Pass(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient, DenseRows? dense)
    {
        CheckBatch(parameters, batch);
        SolverArguments.CheckLength(ParameterCount, gradient.Length, nameof(gradient));
        TrainingGraph graph = GraphFor(batch.Length);
        TrainingContext context = _model.Context;
        Pack(batch, graph);
        gradient.Clear();
        fixed (float* from = parameters, to = gradient)
        {
            context.Begin(from, to, usesBatch: true, movesStatistics: dense is null);
            context.DenseRows = dense;
            graph.Forward();
            double loss = CrossEntropy.Mean(graph.Output.Value, _labels.AsSpan(0, batch.Length), graph.Output.Write(out _));
            graph.Backward();
            context.DenseRows = null;
            foreach (Range frozen in _model.Table.Frozen)
            {
                gradient[frozen].Clear();
            }

            return loss;
        }
    }

    private TrainingGraph Forward(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, TrainingGraph graph, bool usesBatch = false)
    {
        CheckBatch(parameters, batch);
        TrainingContext context = _model.Context;
        Pack(batch, graph);
        fixed (float* from = parameters)
        {
            context.Begin(from, null, usesBatch, movesStatistics: false);
            graph.Forward();
        }

        return graph;
    }

    private void CheckBatch(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        SolverArguments.CheckLength(ParameterCount, parameters.Length, nameof(parameters));
        ArgumentOutOfRangeException.ThrowIfZero(batch.Length, nameof(batch));
    }

    private void Pack(ReadOnlySpan<int> batch, TrainingGraph graph)
    {
        if (_labels.Length < batch.Length)
        {
            _labels = new int[batch.Length];
        }

        ExampleSet examples = Examples;
        ReadOnlySpan<int> rows = _rows.Span;
        for (int lane = 0; lane < graph.Lanes; lane++)
        {
            if (lane < batch.Length)
            {
                int row = rows[batch[lane]];
                _labels[lane] = examples.Labels.Span[row];
                examples.CopyRow(row, _row);
                PanelPacking.PackLane(_row, graph.Input, lane);
            }
            else
            {
                PanelPacking.PackLane(default, graph.Input, lane);
            }
        }
    }

    private TrainingGraph GraphFor(int lanes)
    {
        int index = _graphs.FindIndex(graph => graph.Lanes == lanes);
        TrainingGraph graph = index >= 0 ? _graphs[index] : new TrainingGraph(_model, lanes);
        if (index >= 0)
        {
            _graphs.RemoveAt(index);
        }
        else if (_graphs.Count == MostGraphs)
        {
            // Whole batches, and that of evaluations, come again; the rest of a pass comes in other sizes.
            _model.Context.Forget(_graphs[0].Lanes);
            _graphs.RemoveAt(0);
        }

        _graphs.Add(graph);
        return graph;
    }
}
