using System.Collections.Immutable;
using Federated.Coordination.Pruning;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using TorchSharp;
using static TorchSharp.torch;

namespace Federated.Simulation.Pruning;

/// <summary>
/// Iterative synaptic flow (Tanaka et al. 2020): the network of absolute weights is given ones, and every weight is scored by its part in the sum of the outputs. It is pruned in a hundred steps along a geometric
/// descent of the density. No data are needed.
/// </summary>
/// <remarks>In float64: products of twenty layers of positive weights leave the range of float32. Normalisation passes values through, as it does with its initial statistics.</remarks>
internal sealed class SynFlow
{
    private const int Steps = 100;

    private readonly nn.Module<Tensor, Tensor> _module;
    private readonly ModelSchema _schema;
    private readonly long[] _inputShape;

    /// <param name="module">The model, in float64 and evaluation mode; its parameters are replaced.</param>
    /// <param name="schema">Its schema.</param>
    /// <param name="inputShape">One example, with a leading 1.</param>
    public SynFlow(nn.Module<Tensor, Tensor> module, ModelSchema schema, long[] inputShape)
    {
        _module = module;
        _schema = schema;
        _inputShape = inputShape;
    }

    /// <summary>The mask of a density.</summary>
    /// <param name="parameters">The flat initial parameters.</param>
    /// <param name="density">Active weights as a share of all.</param>
    public ModelMask MaskOf(ReadOnlySpan<float> parameters, double density)
    {
        ImmutableArray<PrunableLayer> layers = PrunableLayer.Of(_schema);
        ModelMask mask = ModelMask.Full(_schema, 1);
        double[] magnitudes = new double[parameters.Length];
        for (int i = 0; i < magnitudes.Length; i++)
        {
            magnitudes[i] = Math.Abs((double)parameters[i]);
        }

        for (int step = 1; step <= Steps; step++)
        {
            int total = LayerBudgets.Total(layers, Math.Pow(density, (double)step / Steps));
            if (total < mask.ActiveCount)
            {
                mask = mask.With(1, GlobalChoice.Largest(layers, Scores(magnitudes, mask), total));
            }
        }

        return mask;
    }

    /// <summary>|w·∂R/∂w| of active weights as a share of the largest, -1 for the others.</summary>
    private float[][] Scores(double[] magnitudes, ModelMask mask)
    {
        double[] flow = Flow(magnitudes, mask);
        double most = Math.Max(double.Epsilon, mask.Layers.Max(layer => flow.AsSpan(layer.Start, layer.Count).ToArray().Max()));
        float[][] scores = new float[mask.Layers.Length][];
        for (int l = 0; l < scores.Length; l++)
        {
            scores[l] = new float[mask.Layers[l].Count];
            Array.Fill(scores[l], -1);
            foreach (int index in mask.Active(l))
            {
                scores[l][index] = (float)(flow[mask.Layers[l].Start + index] / most);
            }
        }

        return scores;
    }

    private double[] Flow(double[] magnitudes, ModelMask mask)
    {
        using DisposeScope scope = NewDisposeScope();
        double[] masked = Masked(magnitudes, mask);
        Tensor[] parameters = [.. _module.named_parameters().Select(pair => pair.parameter)];
        int at = 0;
        using (no_grad())
        {
            foreach (Tensor parameter in parameters)
            {
                int length = (int)parameter.NumberOfElements;
                parameter.copy_(tensor(masked[at..(at + length)]).view(parameter.shape));
                parameter.grad = null;
                at += length;
            }
        }

        _module.call(ones(_inputShape, dtype: ScalarType.Float64)).sum().backward();
        double[] flow = new double[magnitudes.Length];
        at = 0;
        foreach (Tensor parameter in parameters)
        {
            int length = (int)parameter.NumberOfElements;
            if (parameter.grad is { } gradient)
            {
                gradient.mul(parameter).abs().flatten().data<double>().CopyTo(flow, at);
            }

            at += length;
        }

        return flow;
    }

    private static double[] Masked(double[] magnitudes, ModelMask mask)
    {
        double[] masked = [.. magnitudes];
        for (int l = 0; l < mask.Layers.Length; l++)
        {
            Span<double> layer = masked.AsSpan(mask.Layers[l].Start, mask.Layers[l].Count);
            layer.Clear();
            foreach (int index in mask.Active(l))
            {
                layer[index] = magnitudes[mask.Layers[l].Start + index];
            }
        }

        return masked;
    }
}
