using System.Collections.Immutable;
using Federated.Client.Sparse;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Sparse;

/// <summary>The oracle: dense loops in float64 over examples in the usual order, with their derivatives, written from the definitions.</summary>
internal sealed class NaiveNetwork
{
    private readonly SparseArchitecture _architecture;
    private readonly ImmutableArray<SparseShape> _shapes;
    private readonly Dictionary<string, double[]> _tensors = new(StringComparer.Ordinal);
    private readonly ModelSchema _schema;

    public NaiveNetwork(SparseArchitecture architecture, ModelContent content)
    {
        _architecture = architecture;
        _shapes = architecture.Shapes();
        _schema = content.Schema;
        int parameter = 0, statistic = 0;
        foreach (TensorSpec tensor in _schema.Tensors.Where(tensor => tensor.Part != TensorPart.Count))
        {
            float[] flat = tensor.Part == TensorPart.Parameter ? content.Parameters : content.Statistics;
            ref int at = ref tensor.Part == TensorPart.Parameter ? ref parameter : ref statistic;
            _tensors[tensor.Name] = [.. flat.AsSpan(at, (int)tensor.ElementCount).ToArray().Select(value => (double)value)];
            at += (int)tensor.ElementCount;
        }
    }

    public bool Training { get; init; }

    /// <summary>The outputs of every layer, by layer and then by example.</summary>
    public double[][][] Forward(ReadOnlySpan<float> images)
    {
        int length = InputShape.Length, count = images.Length / length;
        double[][] input = new double[count][];
        for (int i = 0; i < count; i++)
        {
            input[i] = [.. images.Slice(i * length, length).ToArray().Select(value => (double)value)];
        }

        double[][][] values = new double[_shapes.Length + 1][][];
        values[^1] = input;
        for (int i = 0; i < _shapes.Length; i++)
        {
            values[i] = Forward(i, [.. _architecture.InputsOf(i).Select(index => values[index < 0 ? _shapes.Length : index])]);
        }

        return values;
    }

    /// <summary>Mean cross-entropy and its gradient by all parameters, flat, of dense weights too.</summary>
    public (double Loss, double[] Gradient) LossAndGradient(ReadOnlySpan<float> images, ReadOnlySpan<int> labels)
    {
        double[][][] values = Forward(images);
        int count = labels.Length;
        double[][][] gradients = [.. values.Select(value => value.Select(example => new double[example.Length]).ToArray())];
        double loss = 0;
        for (int i = 0; i < count; i++)
        {
            double[] scores = values[_shapes.Length - 1][i];
            double max = scores.Max(), sum = scores.Sum(score => Math.Exp(score - max));
            loss -= (scores[labels[i]] - max - Math.Log(sum)) / count;
            for (int c = 0; c < scores.Length; c++)
            {
                gradients[_shapes.Length - 1][i][c] = ((Math.Exp(scores[c] - max) / sum) - (c == labels[i] ? 1 : 0)) / count;
            }
        }

        var byTensor = _tensors.ToDictionary(tensor => tensor.Key, tensor => new double[tensor.Value.Length], StringComparer.Ordinal);
        for (int i = _shapes.Length - 1; i >= 0; i--)
        {
            int[] inputs = [.. _architecture.InputsOf(i).Select(index => index < 0 ? _shapes.Length : index)];
            Backward(i, [.. inputs.Select(index => values[index])], values[i], gradients[i], [.. inputs.Select(index => gradients[index])], byTensor);
        }

        return (loss, [.. _schema.Of(TensorPart.Parameter).SelectMany(tensor => byTensor[tensor.Name])]);
    }

    private SparseShape InputShape => new(_architecture.Channels, _architecture.Height, _architecture.Width);

    private SparseShape InputOf(int layer) => _architecture.InputsOf(layer)[0] is >= 0 and var index ? _shapes[index] : InputShape;

    private double[][] Forward(int index, double[][][] inputs)
    {
        SparseLayer layer = _architecture.Layers[index];
        double[][] output = [.. inputs[0].Select(_ => new double[_shapes[index].Length])];
        if (layer.Kind == SparseLayerKind.BatchNorm)
        {
            (double[] mean, double[] variance) = Moments(layer, InputOf(index), inputs[0]);
            ForEach(InputOf(index), (c, at) =>
            {
                for (int n = 0; n < output.Length; n++)
                {
                    output[n][at] = ((inputs[0][n][at] - mean[c]) / Math.Sqrt(variance[c] + layer.Epsilon) * _tensors[$"{layer.Name}.weight"][c]) + _tensors[$"{layer.Name}.bias"][c];
                }
            });
            return output;
        }

        for (int n = 0; n < output.Length; n++)
        {
            double[] x = inputs[0][n], y = output[n];
            switch (layer.Kind)
            {
                case SparseLayerKind.Convolution or SparseLayerKind.Linear:
                    double[]? bias = _tensors.GetValueOrDefault($"{layer.Name}.bias");
                    ForEach(_shapes[index], (c, at) => y[at] = bias?[c] ?? 0);
                    double[] weight = _tensors[$"{layer.Name}.weight"];
                    ForEachTap(index, (o, i, w) => y[o] += x[i] * weight[w]);
                    break;
                case SparseLayerKind.Relu:
                    Each(y, i => y[i] = Math.Max(x[i], 0));
                    break;
                case SparseLayerKind.Add:
                    Each(y, i => y[i] = x[i] + inputs[1][n][i]);
                    break;
                case SparseLayerKind.Flatten:
                    x.CopyTo(y, 0);
                    break;
                case SparseLayerKind.MaxPool:
                    Array.Fill(y, double.NegativeInfinity);
                    ForEachWindow(index, (o, i, _) => y[o] = Math.Max(y[o], x[i]));
                    break;
                default:
                    ForEachWindow(index, (o, i, area) => y[o] += x[i] / area);
                    break;
            }
        }

        return output;
    }

    private void Backward(int index, double[][][] inputs, double[][] output, double[][] up, double[][][] down, Dictionary<string, double[]> byTensor)
    {
        SparseLayer layer = _architecture.Layers[index];
        if (layer.Kind == SparseLayerKind.BatchNorm)
        {
            NormBackward(layer, InputOf(index), inputs[0], up, down[0], byTensor);
            return;
        }

        for (int n = 0; n < output.Length; n++)
        {
            double[] x = inputs[0][n], y = output[n], dy = up[n], dx = down[0][n];
            switch (layer.Kind)
            {
                case SparseLayerKind.Convolution or SparseLayerKind.Linear:
                    double[] weight = _tensors[$"{layer.Name}.weight"], gradient = byTensor[$"{layer.Name}.weight"];
                    ForEachTap(index, (o, i, w) =>
                    {
                        gradient[w] += dy[o] * x[i];
                        dx[i] += dy[o] * weight[w];
                    });
                    if (byTensor.TryGetValue($"{layer.Name}.bias", out double[]? bias))
                    {
                        ForEach(_shapes[index], (c, at) => bias[c] += dy[at]);
                    }

                    break;
                case SparseLayerKind.Relu:
                    Each(y, i => dx[i] += y[i] > 0 ? dy[i] : 0);
                    break;
                case SparseLayerKind.Add:
                    Each(y, i => dx[i] += dy[i]);
                    Each(y, i => down[1][n][i] += dy[i]);
                    break;
                case SparseLayerKind.Flatten:
                    Each(y, i => dx[i] += dy[i]);
                    break;
                case SparseLayerKind.MaxPool:
                    bool[] taken = new bool[y.Length];
                    ForEachWindow(index, (o, i, _) =>
                    {
                        if (!taken[o] && x[i] == y[o])
                        {
                            taken[o] = true;
                            dx[i] += dy[o];
                        }
                    });
                    break;
                default:
                    ForEachWindow(index, (o, i, area) => dx[i] += dy[o] / area);
                    break;
            }
        }
    }

    private void NormBackward(SparseLayer layer, SparseShape shape, double[][] x, double[][] up, double[][] down, Dictionary<string, double[]> byTensor)
    {
        (double[] mean, double[] variance) = Moments(layer, shape, x);
        double[] gamma = _tensors[$"{layer.Name}.weight"], gammaGradient = byTensor[$"{layer.Name}.weight"], betaGradient = byTensor[$"{layer.Name}.bias"];
        int plane = shape.Height * shape.Width;
        double count = plane * x.Length;
        for (int c = 0; c < shape.Channels; c++)
        {
            double inverse = 1 / Math.Sqrt(variance[c] + layer.Epsilon), sum = 0, projected = 0;
            foreach ((double[] values, double[] dy) in x.Zip(up))
            {
                for (int i = c * plane; i < (c + 1) * plane; i++)
                {
                    sum += dy[i];
                    projected += dy[i] * (values[i] - mean[c]) * inverse;
                }
            }

            gammaGradient[c] += projected;
            betaGradient[c] += sum;
            for (int n = 0; n < x.Length; n++)
            {
                for (int i = c * plane; i < (c + 1) * plane; i++)
                {
                    double own = up[n][i] - (sum / count) - ((x[n][i] - mean[c]) * inverse * projected / count);
                    down[n][i] += gamma[c] * inverse * (Training ? own : up[n][i]);
                }
            }
        }
    }

    private (double[] Mean, double[] Variance) Moments(SparseLayer layer, SparseShape shape, double[][] x)
    {
        if (!Training)
        {
            return (_tensors[$"{layer.Name}.running_mean"], _tensors[$"{layer.Name}.running_var"]);
        }

        int plane = shape.Height * shape.Width;
        double[] mean = new double[shape.Channels], variance = new double[shape.Channels];
        for (int c = 0; c < shape.Channels; c++)
        {
            double[] all = [.. x.SelectMany(example => example.Skip(c * plane).Take(plane))];
            mean[c] = all.Average();
            variance[c] = all.Average(value => (value - mean[c]) * (value - mean[c]));
        }

        return (mean, variance);
    }

    private static void Each(double[] values, Action<int> body)
    {
        for (int i = 0; i < values.Length; i++)
        {
            body(i);
        }
    }

    private static void ForEach(SparseShape shape, Action<int, int> body)
    {
        for (int i = 0; i < shape.Length; i++)
        {
            body(i / (shape.Height * shape.Width), i);
        }
    }

    private void ForEachTap(int index, Action<int, int, int> body)
    {
        SparseLayer layer = _architecture.Layers[index];
        SparseShape from = InputOf(index), to = _shapes[index];
        bool linear = layer.Kind == SparseLayerKind.Linear;
        int kernel = linear ? 1 : layer.Kernel, stride = linear ? 1 : layer.Stride, padding = linear ? 0 : layer.Padding;
        for (int o = 0; o < to.Length; o++)
        {
            int channel = o / (to.Height * to.Width), y = o / to.Width % to.Height, x = o % to.Width;
            for (int w = 0; w < from.Channels * kernel * kernel; w++)
            {
                int row = (y * stride) + (w / kernel % kernel) - padding, column = (x * stride) + (w % kernel) - padding;
                if (row >= 0 && row < from.Height && column >= 0 && column < from.Width)
                {
                    body(o, (((w / (kernel * kernel) * from.Height) + row) * from.Width) + column, (channel * from.Channels * kernel * kernel) + w);
                }
            }
        }
    }

    private void ForEachWindow(int index, Action<int, int, int> body)
    {
        SparseLayer layer = _architecture.Layers[index];
        SparseShape from = InputOf(index), to = _shapes[index];
        bool global = layer.Kind == SparseLayerKind.GlobalAveragePool;
        int height = global ? from.Height : layer.Kernel, width = global ? from.Width : layer.Kernel, stride = global ? 1 : layer.Stride;
        for (int o = 0; o < to.Length; o++)
        {
            int channel = o / (to.Height * to.Width), y = o / to.Width % to.Height, x = o % to.Width;
            for (int i = 0; i < height * width; i++)
            {
                body(o, (((channel * from.Height) + (y * stride) + (i / width)) * from.Width) + (x * stride) + (i % width), height * width);
            }
        }
    }
}
