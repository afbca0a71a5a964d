namespace Federated.Aggregation.Accumulators;

/// <summary>By what the sum of a section is divided when it is reported. The numbers are part of the partial's layout.</summary>
public enum Denominator : byte
{
    /// <summary>Values are multiplied by their update's weight; the sum is divided by the total weight.</summary>
    Weight = 1,

    /// <summary>Plain sum, divided by the number of updates.</summary>
    Updates = 2,

    /// <summary>Plain sum.</summary>
    None = 3,
}
