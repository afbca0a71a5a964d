namespace Federated.Protocol.Rounds;

/// <summary>What several nodes tell each other under a rule other than the mean.</summary>
public static class ExchangeModes
{
    /// <summary>Every node gets a range of the parameters of every update: the result is that of one node.</summary>
    public const string Exact = "exact";

    /// <summary>Updates stay on their nodes; inner products across nodes come from sketches.</summary>
    public const string Sketch = "sketch";

    /// <summary>The error of inner products from sketches unless a job says another.</summary>
    public const double DefaultSketchError = 0.01;
}
