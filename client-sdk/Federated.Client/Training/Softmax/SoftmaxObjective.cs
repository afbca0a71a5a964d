using System.Numerics.Tensors;
using Federated.Client.Sparse;

namespace Federated.Client.Training.Softmax;

/// <summary>
/// Softmax regression with bias: cross-entropy, without libtorch and, after the first batch, without an allocation. Over dense rows it is vectorised; over sparse rows it takes time in proportion to
/// the features that are set. With one output it is logistic regression of class 1 against class 0. The parameters are the weights (outputs × features, row-major), then the biases.
/// </summary>
public sealed class SoftmaxObjective : IExampleObjective
{
    private const int EvaluationChunk = 256;

    private readonly int _features;
    private readonly int _outputs;
    private ExampleSet? _examples;
    private ReadOnlyMemory<int> _indices;
    private long[] _rows = [];
    private int[] _labels = [];
    private float[] _scores = [];
    private float[] _tails = [];

    /// <summary>Creates the objective; <see cref="Select"/> gives it examples.</summary>
    /// <param name="features">Floats an example, at least 1.</param>
    /// <param name="outputs">Scores an example: the number of classes, or 1 for logistic regression on two classes.</param>
    public SoftmaxObjective(int features, int outputs)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(features, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs, 1);
        _features = features;
        _outputs = outputs;
        ParameterCount = checked((features + 1) * outputs);
    }

    /// <inheritdoc />
    public int ParameterCount { get; }

    /// <inheritdoc />
    public int ExampleCount => _indices.Length;

    /// <inheritdoc />
    public ExampleSet Examples => _examples ?? throw new InvalidOperationException("Select examples first.");

    /// <inheritdoc />
    public ReadOnlyMemory<int> Rows => _indices;

    private int Classes => _outputs == 1 ? 2 : _outputs;

    /// <inheritdoc />
    public void Select(ExampleSet examples, ReadOnlyMemory<int> indices)
    {
        ArgumentNullException.ThrowIfNull(examples);
        if (examples.FeatureLength != _features || examples.LabelLength != 1 || examples.ClassCount > Classes)
        {
            throw new ArgumentException(
                $"The model takes {_features} features and 1 label below {Classes}; the examples have {examples.FeatureLength} features and {examples.LabelLength} label(s) below {examples.ClassCount}.",
                nameof(examples));
        }

        _examples = examples;
        _indices = indices;
    }

    /// <inheritdoc />
    public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient)
    {
        SolverArguments.CheckLength(ParameterCount, gradient.Length, nameof(gradient));
        Score(parameters, batch);
        Span<float> scores = _scores.AsSpan(0, batch.Length * _outputs);
        double loss = _outputs == 1 ? LogisticResiduals(scores) : SoftmaxResiduals(scores);
        ReadOnlySpan<long> rows = _rows.AsSpan(0, batch.Length);
        if (Examples.SparseFeatures is { } sparse)
        {
            SparseRows.Gradient(sparse, Examples.HasOnlyOnes, rows, scores, _outputs, gradient);
        }
        else
        {
            DenseRows.Gradient(Examples.Features.Span, rows, _features, scores, _outputs, gradient);
        }

        return loss;
    }

    /// <inheritdoc />
    public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        Score(parameters, batch);
        double sum = 0;
        for (int i = 0; i < batch.Length; i++)
        {
            sum += LossOf(_scores.AsSpan(i * _outputs, _outputs), _labels[i]);
        }

        return sum / batch.Length;
    }

    /// <inheritdoc />
    public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default)
    {
        Span<int> chunk = stackalloc int[EvaluationChunk];
        var total = new Evaluation(0, 0, 0);
        for (int start = 0; start < ExampleCount; start += EvaluationChunk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int length = Math.Min(EvaluationChunk, ExampleCount - start);
            for (int i = 0; i < length; i++)
            {
                chunk[i] = start + i;
            }

            Score(parameters, chunk[..length]);
            double lossSum = 0;
            long correct = 0;
            for (int i = 0; i < length; i++)
            {
                ReadOnlySpan<float> scores = _scores.AsSpan(i * _outputs, _outputs);
                lossSum += LossOf(scores, _labels[i]);
                correct += Predict(scores) == _labels[i] ? 1 : 0;
            }

            total += new Evaluation(lossSum, correct, length);
        }

        return total;
    }

    private static int Predict(ReadOnlySpan<float> scores) =>
        scores.Length == 1 ? (scores[0] > 0 ? 1 : 0) : TensorPrimitives.IndexOfMax(scores);

    private static double LossOf(ReadOnlySpan<float> scores, int label)
    {
        if (scores.Length == 1)
        {
            return SoftPlus(scores[0]) - (label * scores[0]);
        }

        float max = TensorPrimitives.Max(scores);
        double sum = 0;
        foreach (float score in scores)
        {
            sum += Math.Exp(score - max);
        }

        return Math.Log(sum) - (scores[label] - max);
    }

    private static double SoftPlus(double score) => Math.Max(score, 0) + Math.Log(1 + Math.Exp(-Math.Abs(score)));

    private void Score(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch)
    {
        SolverArguments.CheckLength(ParameterCount, parameters.Length, nameof(parameters));
        ArgumentOutOfRangeException.ThrowIfZero(batch.Length, nameof(batch));
        Reserve(batch.Length);
        ReadOnlySpan<int> indices = _indices.Span;
        ReadOnlySpan<int> labels = Examples.Labels.Span;
        CsrMatrix? sparse = Examples.SparseFeatures;
        long stride = sparse is null ? _features : 1;
        for (int i = 0; i < batch.Length; i++)
        {
            int index = indices[batch[i]];
            _labels[i] = labels[index];
            _rows[i] = index * stride;
        }

        ReadOnlySpan<long> rows = _rows.AsSpan(0, batch.Length);
        if (sparse is not null)
        {
            SparseRows.Scores(sparse, Examples.HasOnlyOnes, rows, parameters, _outputs, _scores);
        }
        else
        {
            DenseRows.Scores(Examples.Features.Span, rows, _features, parameters, _outputs, _scores);
        }
    }

    // Scores become (probability - target) / batch, the gradient with respect to the scores.
    private double SoftmaxResiduals(Span<float> scores)
    {
        int rows = scores.Length / _outputs;
        double lossSum = 0;
        for (int i = 0; i < rows; i++)
        {
            Span<float> row = scores.Slice(i * _outputs, _outputs);
            TensorPrimitives.Subtract(row, TensorPrimitives.Max<float>(row), row);
            lossSum -= row[_labels[i]];
        }

        TensorPrimitives.Exp(scores, scores);
        for (int i = 0; i < rows; i++)
        {
            Span<float> row = scores.Slice(i * _outputs, _outputs);
            float sum = TensorPrimitives.Sum<float>(row);
            lossSum += Math.Log(sum);
            TensorPrimitives.Multiply(row, 1f / (sum * rows), row);
            row[_labels[i]] -= 1f / rows;
        }

        return lossSum / rows;
    }

    private double LogisticResiduals(Span<float> scores)
    {
        // t = exp(-|s|) gives both: the probability 1/(1+t) or t/(1+t), and the loss max(s, 0) - label s + log(1+t).
        Span<float> tails = _tails.AsSpan(0, scores.Length);
        TensorPrimitives.Abs(scores, tails);
        TensorPrimitives.Negate(tails, tails);
        TensorPrimitives.Exp(tails, tails);
        float share = 1f / scores.Length;
        double lossSum = 0;
        for (int i = 0; i < scores.Length; i++)
        {
            float score = scores[i], tail = tails[i];
            int label = _labels[i];
            lossSum += Math.Max(score, 0) - (label * score);
            scores[i] = (((score >= 0 ? 1 : tail) / (1 + tail)) - label) * share;
        }

        TensorPrimitives.LogP1(tails, tails);
        return (lossSum + TensorPrimitives.Sum<float>(tails)) / scores.Length;
    }

    private void Reserve(int rows)
    {
        if (_rows.Length < rows)
        {
            _rows = new long[rows];
            _labels = new int[rows];
            _tails = new float[_outputs == 1 ? rows : 0];
            _scores = new float[rows * _outputs];
        }
    }
}
