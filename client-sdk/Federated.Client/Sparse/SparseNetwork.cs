using System.Collections.Immutable;
using Federated.Client.Sparse.Shrinking;
using Federated.Protocol.Models;

namespace Federated.Client.Sparse;

/// <summary>
/// A pruned network for inference: layers and their weights, immutable and shared by any number of <see cref="SparseInference"/> instances. It copies nothing, so that it can stand over a
/// mapped file: give every <see cref="CsrMatrix"/> and <see cref="SparseLayerWeights"/> memories over the mapping.
/// </summary>
public sealed class SparseNetwork
{
    /// <summary>Puts a network together.</summary>
    /// <param name="architecture">The layers. A batch norm among them is a scale and a shift.</param>
    /// <param name="weights">One for every layer.</param>
    /// <exception cref="ArgumentException">The weights do not fit the layers; the message names the layer.</exception>
    public SparseNetwork(SparseArchitecture architecture, IReadOnlyList<SparseLayerWeights> weights)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        ArgumentNullException.ThrowIfNull(weights);
        Shapes = architecture.Shapes();
        Architecture = architecture;
        Weights = [.. weights];
        if (Weights.Length != architecture.Layers.Length)
        {
            throw new ArgumentException($"There are {Weights.Length} weights for {architecture.Layers.Length} layers.", nameof(weights));
        }

        for (int i = 0; i < Weights.Length; i++)
        {
            Check(i);
        }
    }

    /// <summary>The layers.</summary>
    public SparseArchitecture Architecture { get; }

    /// <summary>The weights of the layers.</summary>
    public ImmutableArray<SparseLayerWeights> Weights { get; }

    /// <summary>What the layers put out for one example.</summary>
    public ImmutableArray<SparseShape> Shapes { get; }

    /// <summary>Floats an example.</summary>
    public int InputLength => InputShape.Length;

    /// <summary>Scores an example.</summary>
    public int OutputLength => Shapes[^1].Length;

    /// <summary>Active weights of all matrices.</summary>
    public long ActiveCount => Weights.Sum(weights => (long)(weights.Matrix?.Count ?? 0));

    internal SparseShape InputShape => new(Architecture.Channels, Architecture.Height, Architecture.Width);

    /// <summary>
    /// Takes a network from a dense model. A batch norm that follows a convolution or a linear layer, and nothing else does, is folded into it: the layer is left out and the weights
    /// before it are scaled, so the network has fewer layers than <paramref name="architecture"/>.
    /// </summary>
    /// <param name="architecture">The layers, with their batch norms.</param>
    /// <param name="schema">Names and shapes of the model's tensors.</param>
    /// <param name="parameters">The flat parameters.</param>
    /// <param name="statistics">The flat batch-norm statistics; empty for models without.</param>
    /// <param name="active">
    /// Active elements of each pruned weight by the tensor's name: flat indices within the tensor, strictly ascending. A weight that is not named is dense. Null: the elements that are not zero.
    /// </param>
    /// <exception cref="ArgumentException">A tensor is missing, has another shape, or an index is out of range.</exception>
    public static SparseNetwork FromModel(
        SparseArchitecture architecture,
        ModelSchema schema,
        ReadOnlySpan<float> parameters,
        ReadOnlySpan<float> statistics,
        IReadOnlyDictionary<string, ReadOnlyMemory<int>>? active = null) =>
        NetworkBuilder.Build(architecture, schema, parameters, statistics, active);

    /// <summary>
    /// The same network without dead channels, so that dense kernels shrink as well: those that no weight reaches, whose constant moves into the biases behind them, and those that nothing depends on. Scores
    /// differ by rounding alone. Where a padded convolution takes constants other than zero, one constant channel stays for all of them, because a bias would be wrong at the border.
    /// </summary>
    public SparseNetwork WithoutDeadChannels() => NetworkShrinking.Shrink(this);

    /// <summary>Weights of the network if every matrix were dense.</summary>
    public long DenseCount => Weights.Sum(weights => weights.Matrix is { } matrix ? (long)matrix.Rows * matrix.Columns : 0);

    internal SparseShape InputOf(int layer) => Architecture.InputsOf(layer)[0] is >= 0 and var index ? Shapes[index] : InputShape;

    private void Check(int index)
    {
        SparseLayer layer = Architecture.Layers[index];
        SparseLayerWeights weights = Weights[index];
        SparseShape output = Shapes[index];
        bool fits = layer.Kind switch
        {
            SparseLayerKind.Convolution or SparseLayerKind.Linear =>
                weights.Matrix is { } matrix && matrix.Rows == layer.Outputs && matrix.Columns == ArchitectureShapes.WeightColumns(layer, InputOf(index))
                && weights.Scale.IsEmpty && (weights.Shift.IsEmpty || weights.Shift.Length == layer.Outputs),
            SparseLayerKind.BatchNorm => weights.Matrix is null && weights.Scale.Length == output.Channels && weights.Shift.Length == output.Channels,
            _ => weights.Matrix is null && weights.Scale.IsEmpty && weights.Shift.IsEmpty,
        };
        if (!fits)
        {
            throw new ArgumentException(
                $"Layer {index} ({layer.Kind} '{layer.Name}', {output.Channels} outputs of {InputOf(index)}) does not fit a matrix of "
                + $"{weights.Matrix?.Rows ?? 0} × {weights.Matrix?.Columns ?? 0}, {weights.Scale.Length} scales and {weights.Shift.Length} shifts.");
        }
    }
}
