using System.Collections.Immutable;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Protocol.Codecs;

/// <summary>How a flat vector is made of tensors, for compressors that look at tensors one by one.</summary>
public sealed class CompressionLayout
{
    private CompressionLayout(ImmutableArray<CompressionTensor> tensors)
    {
        Tensors = tensors;
        Length = tensors.Sum(tensor => tensor.Length);
    }

    /// <summary>The tensors in order.</summary>
    public ImmutableArray<CompressionTensor> Tensors { get; }

    /// <summary>Elements of the vector.</summary>
    public int Length { get; }

    /// <summary>The parameters of a model: the first dimension of a tensor counts the rows, the others together the columns.</summary>
    /// <param name="schema">The model.</param>
    public static CompressionLayout Of(ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        var tensors = ImmutableArray.CreateBuilder<CompressionTensor>();
        int start = 0;
        foreach (TensorSpec tensor in schema.Of(TensorPart.Parameter))
        {
            int length = checked((int)tensor.ElementCount);
            if (length > 0)
            {
                int rows = tensor.Shape.Length >= 2 ? (int)tensor.Shape[0] : 1;
                tensors.Add(new CompressionTensor(start, rows, length / rows));
                start += length;
            }
        }

        return new CompressionLayout(tensors.ToImmutable());
    }

    /// <summary>The packed parameters of a masked model: the active coordinates of a layer are a vector.</summary>
    /// <param name="schema">The model.</param>
    /// <param name="mask">Its mask; null for the parameters as they are.</param>
    public static CompressionLayout Of(ModelSchema schema, ModelMask? mask)
    {
        ArgumentNullException.ThrowIfNull(schema);
        if (mask is null)
        {
            return Of(schema);
        }

        var tensors = ImmutableArray.CreateBuilder<CompressionTensor>();
        int start = 0, layer = 0;
        foreach (TensorSpec tensor in schema.Of(TensorPart.Parameter))
        {
            bool prunable = layer < mask.Layers.Length && mask.Layers[layer].Name == tensor.Name;
            int length = prunable ? mask.CountOf(layer++) : checked((int)tensor.ElementCount);
            if (length > 0)
            {
                tensors.Add(new CompressionTensor(start, 1, length));
                start += length;
            }
        }

        return new CompressionLayout(tensors.ToImmutable());
    }

    /// <summary>A vector without inner structure.</summary>
    /// <param name="length">Its elements.</param>
    public static CompressionLayout Flat(int length) => new(length == 0 ? [] : [new CompressionTensor(0, 1, length)]);
}
