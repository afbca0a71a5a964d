namespace Federated.Protocol.Models;

/// <summary>The JSON form of a <see cref="ModelSchema"/>.</summary>
internal sealed record ModelSchemaDocument(int Version, string? Architecture, long MaskEpoch, TensorDocument[]? Tensors);
