namespace Federated.Aggregation.Robust.Catalog;

/// <summary>What a rule needs of the updates, which decides how it is distributed.</summary>
public enum RuleFamily
{
    /// <summary>A running sum.</summary>
    Linear,

    /// <summary>The inner products of the updates, then a weighted sum.</summary>
    Gram,

    /// <summary>All values of one coordinate at a time.</summary>
    Coordinate,

    /// <summary>Several stages: samples or inner products, then a weighted sum or a reduction of each coordinate.</summary>
    Composite,
}
