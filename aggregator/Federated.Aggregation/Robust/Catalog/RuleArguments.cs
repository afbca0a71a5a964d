namespace Federated.Aggregation.Robust.Catalog;

/// <summary>f and the values of a rule's settings.</summary>
internal sealed class RuleArguments(int byzantine, IReadOnlyDictionary<string, double> values)
{
    /// <summary>f.</summary>
    public int Byzantine => byzantine;

    public double this[string name] => values[name];

    public int Whole(string name) => (int)values[name];
}
