using System.Collections.Immutable;

namespace Federated.Protocol.Models;

/// <summary>One named tensor of a model. Its dtype follows from <see cref="Part"/>: int64 for counts, float32 otherwise.</summary>
/// <param name="Name">Unique within the model, for example <c>conv1.weight</c>.</param>
/// <param name="Shape">Dimensions, outermost first; empty for a scalar.</param>
/// <param name="Part">The flat vector that holds the tensor.</param>
/// <param name="Scope">Whether the tensor is aggregated or local to a device.</param>
/// <param name="Trainable">Whether local training moves the tensor.</param>
public sealed record TensorSpec(
    string Name,
    ImmutableArray<long> Shape,
    TensorPart Part = TensorPart.Parameter,
    TensorScope Scope = TensorScope.Aggregated,
    bool Trainable = true)
{
    /// <summary>Number of elements: the product of the dimensions, 1 for a scalar.</summary>
    public long ElementCount => Shape.Aggregate(1L, (product, dimension) => checked(product * dimension));

    /// <inheritdoc/>
    public bool Equals(TensorSpec? other) =>
        other is not null && Name == other.Name && Part == other.Part && Scope == other.Scope
        && Trainable == other.Trainable && Shape.AsSpan().SequenceEqual(other.Shape.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Part, Scope, Trainable, Shape.Length, ElementCount);
}
