using Federated.Client.Pruning;
using Federated.Client.Torch.Models;
using Federated.Client.Training;
using Federated.Protocol.Pruning;
using Federated.Protocol.Statistics;
using TorchSharp;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Training;

/// <summary>
/// Cross-entropy of a TorchSharp module over a client's examples. The module maps inputs of shape (batch, input shape) to scores of shape (batch × labels, classes).
/// </summary>
public sealed class TorchObjective : IExampleObjective, INormalisationObjective, IGradientSelector, IDisposable
{
    private const int EvaluationChunk = 256;

    private readonly BatchTensors _batches;
    private readonly MaskSource? _masks;
    private readonly int _featureLength;
    private readonly int _labelLength;
    private readonly int _classes;
    private int[] _chunk = [];
    private ExampleSet? _examples;
    private ReadOnlyMemory<int> _indices;

    /// <summary>Takes ownership of a module.</summary>
    /// <param name="module">The module.</param>
    /// <param name="inputShape">Shape of one example as the module takes it, for example 1, 28, 28.</param>
    /// <param name="classes">Scores of one prediction.</param>
    /// <param name="labelLength">Predictions an example: 1 for classification, the sequence length for text.</param>
    /// <param name="masks">The masks of the module's <see cref="MaskedDropout"/> layers; null without such layers.</param>
    public TorchObjective(FlatModule module, IReadOnlyList<long> inputShape, int classes, int labelLength = 1, MaskSource? masks = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(inputShape);
        Module = module;
        _batches = new BatchTensors(module.Device, inputShape);
        _featureLength = checked((int)inputShape.Aggregate(1L, (product, length) => product * length));
        _classes = classes;
        _labelLength = labelLength;
        _masks = masks;
    }

    /// <summary>The module and its flat tensors.</summary>
    public FlatModule Module { get; }

    /// <inheritdoc />
    public int ParameterCount => Module.Schema.ParameterCount;

    /// <inheritdoc />
    public int StatisticCount => Module.Schema.StatisticCount;

    /// <inheritdoc />
    public int CountCount => Module.Schema.CountCount;

    /// <inheritdoc />
    public int ExampleCount => _indices.Length;

    /// <inheritdoc />
    public ExampleSet Examples => _examples ?? throw new InvalidOperationException("Select examples first.");

    /// <inheritdoc />
    public ReadOnlyMemory<int> Rows => _indices;

    /// <inheritdoc />
    public void Select(ExampleSet examples, ReadOnlyMemory<int> indices)
    {
        ArgumentNullException.ThrowIfNull(examples);
        if (examples.FeatureLength != _featureLength || examples.LabelLength != _labelLength || examples.ClassCount > _classes)
        {
            throw new ArgumentException(
                $"The model takes {_featureLength} features and {_labelLength} label(s) below {_classes}; the examples have "
                + $"{examples.FeatureLength} features and {examples.LabelLength} label(s) below {examples.ClassCount}.",
                nameof(examples));
        }

        _examples = examples;
        _indices = indices;
    }

    /// <inheritdoc />
    public void LoadStatistics(ReadOnlySpan<float> statistics, ReadOnlySpan<long> counts)
    {
        FlatTensor.Load(Module.Statistics, statistics, nameof(statistics));
        if (!counts.IsEmpty)
        {
            FlatTensor.Load(Module.Counts, counts, nameof(counts));
        }
    }

    /// <inheritdoc />
    public void StoreStatistics(Span<float> statistics, Span<long> counts)
    {
        FlatTensor.Store(Module.Statistics, statistics, nameof(statistics));
        if (!counts.IsEmpty)
        {
            FlatTensor.Store(Module.Counts, counts, nameof(counts));
        }
    }

    /// <inheritdoc />
    public void UseMasks(TrainingKey key, int step) => _masks?.Use(key, step);

    /// <inheritdoc />
    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient)
    {
        if (Module.Gradient.NumberOfElements == 0)
        {
            throw new InvalidOperationException("The module was made for forward passes only; it has no memory for gradients.");
        }

        Module.LoadParameters(parameters);
        double loss = Backward(batch);
        FlatTensor.Store(Module.Gradient, gradient, nameof(gradient));
        return loss;
    }

    /// <inheritdoc />
    public GradientSelection SelectGradients(
        ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, GradientRequest request, Span<int> indices, Span<float> values)
    {
        ArgumentNullException.ThrowIfNull(request);
        SolverArguments.CheckMask(request.Mask, ParameterCount);
        Module.LoadParameters(parameters);
        using DisposeScope scope = NewDisposeScope();
        Tensor statistics = Module.Statistics.clone(), counts = Module.Counts.clone();
        double loss = Backward(batch);
        using IDisposable noGrad = no_grad();
        Module.Statistics.copy_(statistics);
        Module.Counts.copy_(counts);
        if (!double.IsFinite(loss))
        {
            return new GradientSelection(0, false);
        }

        int found = 0, before = 0;
        foreach (LayerDemand demand in request.Layers)
        {
            PrunableLayer layer = request.Mask.Layers[demand.Layer];
            Tensor? excluded = request.IncludesActive ? null : Positions(request.Mask.Active(demand.Layer));
            if (LargestElements.Of(Module.Gradient.narrow(0, layer.Start, layer.Count), excluded, demand.Count) is not { } largest)
            {
                return new GradientSelection(0, false);
            }

            // Only what was found leaves the device.
            ReadOnlySpan<long> places = FlatTensor.Span<long>(largest.Indices.cpu());
            FlatTensor.Span<float>(largest.Values.cpu()).CopyTo(values[found..]);
            foreach (long place in places)
            {
                indices[found++] = before + (int)place;
            }

            before += layer.Count;
        }

        return new GradientSelection(found, true);
    }

    /// <inheritdoc />
    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        Module.LoadParameters(parameters);
        return Forward(batch).LossSum / ((double)batch.Length * _labelLength);
    }

    /// <inheritdoc />
    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default)
    {
        Module.LoadParameters(parameters);
        var total = new Evaluation(0, 0, 0);
        for (int start = 0; start < ExampleCount; start += EvaluationChunk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            total += Forward(Chunk(start, Math.Min(EvaluationChunk, ExampleCount - start)));
        }

        return total;
    }

    /// <inheritdoc />
    public void SumNormalisationInputs(ReadOnlySpan<float> parameters, MomentSums sums, CancellationToken cancellationToken = default)
    {
        Module.LoadParameters(parameters);
        Module.SetTraining(false);

        // One example alone has no batch to be normalised by.
        using var inputs = new NormalisationInputs(Module, usesBatches: ExampleCount > 1);
        SolverArguments.CheckLength(inputs.Sums.Columns, sums.Columns, nameof(sums));
        for (int start = 0, length; start < ExampleCount; start += length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int left = ExampleCount - start;
            length = left > EvaluationChunk + 1 ? EvaluationChunk : left;
            Forward(Chunk(start, length));
        }

        for (int i = 0; i < sums.Columns; i++)
        {
            sums.Counts[i] += inputs.Sums.Counts[i];
            sums.Sums[i] += inputs.Sums.Sums[i];
            sums.Squares[i] += inputs.Sums.Squares[i];
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _batches.Dispose();
        Module.Dispose();
    }

    /// <summary>Leaves the gradient of a batch's mean loss, at the module's current parameters, in its flat gradient.</summary>
    internal double Backward(ReadOnlySpan<int> batch)
    {
        using DisposeScope scope = NewDisposeScope();
        TorchRuntime.AdoptThread();
        Module.SetTraining(true);
        _masks?.BeginPass();
        var (inputs, labels) = _batches.Gather(Examples, _indices.Span, batch);
        Tensor loss = nn.functional.cross_entropy(Module.Module.call(inputs), labels);
        FlatTensor.Clear(Module.Gradient);
        loss.backward();
        return TensorValue.Single(loss);
    }

    private Evaluation Forward(ReadOnlySpan<int> batch)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        TorchRuntime.AdoptThread();
        Module.SetTraining(false);
        var (inputs, labels) = _batches.Gather(Examples, _indices.Span, batch);
        Tensor scores = Module.Module.call(inputs);
        Tensor loss = nn.functional.cross_entropy(scores, labels, reduction: nn.Reduction.Sum);
        Tensor correct = scores.argmax(1).eq(labels).sum();
        return new Evaluation(TensorValue.Single(loss), TensorValue.Int64(correct), labels.NumberOfElements);
    }

    private Tensor Positions(ReadOnlySpan<int> positions)
    {
        Tensor here = tensor(positions.ToArray(), dtype: ScalarType.Int64);
        return Module.Device.type == DeviceType.CPU ? here : here.to(Module.Device);
    }

    private ReadOnlySpan<int> Chunk(int start, int length)
    {
        if (_chunk.Length == 0)
        {
            _chunk = new int[EvaluationChunk + 1];
        }

        for (int i = 0; i < length; i++)
        {
            _chunk[i] = start + i;
        }

        return _chunk.AsSpan(0, length);
    }
}
