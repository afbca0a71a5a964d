using System.Collections.Immutable;

namespace Federated.Protocol.Models;

/// <summary>The JSON form of a <see cref="TensorSpec"/>.</summary>
internal sealed record TensorDocument(string? Name, long[]? Shape, TensorPart Part, TensorScope Scope, bool Trainable)
{
    internal static TensorDocument From(TensorSpec spec) =>
        new(spec.Name, [.. spec.Shape], spec.Part, spec.Scope, spec.Trainable);

    internal TensorSpec ToSpec() =>
        new(Name ?? "", ImmutableArray.Create(Shape ?? throw new ArgumentException($"Tensor '{Name}' has no shape.")), Part, Scope, Trainable);
}
