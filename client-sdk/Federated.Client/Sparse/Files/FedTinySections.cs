namespace Federated.Client.Sparse.Files;

/// <summary>The bytes at which a layer's sections start; 0 for one without elements.</summary>
internal readonly record struct FedTinySections(long Pointers, long Columns, long Values, long Scales, long Shifts);
