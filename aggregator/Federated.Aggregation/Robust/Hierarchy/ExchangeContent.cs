namespace Federated.Aggregation.Robust.Hierarchy;

/// <summary>What a block of a message holds. Contents up to <see cref="Sum"/> are float32, those after it float64.</summary>
public enum ExchangeContent : ushort
{
    /// <summary>A range of the parameters of updates, one a row.</summary>
    Range = 1,

    /// <summary>Count sketches of updates, one a row.</summary>
    Sketch = 2,

    /// <summary>One turn of a rule's samples, a row an update; the block's start is the number of the turn.</summary>
    Sample = 3,

    /// <summary>A range of the aggregate, or of one node's share of a weighted sum.</summary>
    Sum = 4,

    /// <summary>Inner products.</summary>
    Gram = 32,

    /// <summary>For each update 1 when it is finite, else 0.</summary>
    Finite = 33,

    /// <summary>Shares of updates in the aggregate.</summary>
    Coefficients = 34,

    /// <summary>Positions of the updates that are not finite, ascending.</summary>
    Dropped = 35,

    /// <summary>Positions of the updates whose coordinates are reduced.</summary>
    Sources = 36,

    /// <summary>Shares of those in each vector that is reduced, a row a vector.</summary>
    Mixing = 37,

    /// <summary>Squared distances of the updates to the aggregate on the ranges of a node.</summary>
    Distances = 38,

    /// <summary>Two rows, coefficient (NaN where a rule has none) and score of each update.</summary>
    Scores = 39,

    /// <summary>What a sum was divided by.</summary>
    Divisor = 40,
}
