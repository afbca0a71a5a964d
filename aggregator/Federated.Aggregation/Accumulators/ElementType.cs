namespace Federated.Aggregation.Accumulators;

/// <summary>Type of the elements of a section. The numbers are part of the partial's layout.</summary>
public enum ElementType : byte
{
    Float32 = 1,
    Float64 = 2,
    Int64 = 3,
}
