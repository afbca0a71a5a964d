using System.Collections.Immutable;
using Federated.Protocol.Models;

namespace Federated.Protocol.Pruning;

/// <summary>A tensor whose coordinates a mask may switch off: the weight of a convolution or of a linear layer, not a bias and nothing of a normalisation.</summary>
/// <param name="Name">The tensor's name.</param>
/// <param name="Shape">Its dimensions, at least two; outermost first.</param>
/// <param name="Start">Its first element in the flat parameter vector.</param>
/// <param name="Count">Its elements, above 0.</param>
public sealed record PrunableLayer(string Name, ImmutableArray<long> Shape, int Start, int Count)
{
    /// <summary>Outputs of the layer: rows of the matrix that the tensor is taken for.</summary>
    public int Rows => (int)Shape[0];

    /// <summary>Elements of a row.</summary>
    public int Columns => Count / Rows;

    /// <summary>Fewest active coordinates that the layer keeps: an eighth of its outputs, at least one.</summary>
    public int Fewest => Math.Min(Count, Math.Max(1, (Rows + 7) / 8));

    /// <summary>The layers of a model, in schema order: trainable, aggregated parameters of two or more dimensions.</summary>
    /// <param name="schema">The model.</param>
    public static ImmutableArray<PrunableLayer> Of(ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var layers = ImmutableArray.CreateBuilder<PrunableLayer>();
        int start = 0;
        foreach (TensorSpec tensor in schema.Of(TensorPart.Parameter))
        {
            int count = (int)tensor.ElementCount;
            if (tensor is { Trainable: true, Scope: TensorScope.Aggregated, Shape.Length: >= 2 } && count > 0)
            {
                layers.Add(new PrunableLayer(tensor.Name, tensor.Shape, start, count));
            }

            start += count;
        }

        return layers.ToImmutable();
    }

    /// <inheritdoc/>
    public bool Equals(PrunableLayer? other) =>
        other is not null && Name == other.Name && Start == other.Start && Count == other.Count && Shape.AsSpan().SequenceEqual(other.Shape.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Start, Count, Shape.Length);
}
