namespace Federated.Protocol.Jobs;

/// <summary>Which algorithm, and its own parameters by name.</summary>
public sealed record AlgorithmSettings
{
    /// <summary>Registered name, such as <c>fedavg</c>.</summary>
    public string Name { get; set; } = "fedavg";

    /// <summary>Parameters by name, documented with the algorithm.</summary>
    public Dictionary<string, double> Parameters { get; set; } = [];
}
