using Federated.Numerics;

namespace Federated.Aggregation.Robust.Coordinates;

/// <summary>Looks for values that would spoil a sort.</summary>
internal static class FiniteSpan
{
    /// <summary>Whether an element is NaN or infinite.</summary>
    public static bool ContainsNonFinite(this ReadOnlySpan<float> values) => !VectorMath.FiniteSquaredNorm(values, out _);
}
