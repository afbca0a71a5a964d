namespace Federated.Protocol.Jobs;

/// <summary>Data and virtual clients of a simulation. Null members take the simulator's defaults.</summary>
public sealed record SimulationSettings
{
    /// <summary>Name of a bundled data set, or a path.</summary>
    public string? Dataset { get; set; }

    /// <summary><c>idx</c>, <c>csv</c>, <c>libsvm</c> or <c>text</c>.</summary>
    public string? Format { get; set; }

    /// <summary>Label column of a CSV, with an optional threshold such as <c>14:&gt;0</c>.</summary>
    public string? Label { get; set; }

    /// <summary>Token of a missing value and what to do with it, such as <c>?:median</c>.</summary>
    public string? Missing { get; set; }

    /// <summary>Part of the examples held out for the test, in [0, 1).</summary>
    public double? TestFraction { get; set; }

    /// <summary>How examples are dealt to clients, such as <c>dirichlet:0.3</c>.</summary>
    public string? Partition { get; set; }

    /// <summary>Public examples of the server and the steps that it trains the initial model with, such as <c>500:150</c>; null for none.</summary>
    public string? Pretrain { get; set; }

    /// <summary>Number of virtual clients.</summary>
    public int? Clients { get; set; }

    /// <summary>Probability that a client vanishes in the middle of a round, in [0, 1).</summary>
    public double? DropOut { get; set; }

    /// <summary>A built-in device profile or a file with one; null for rounds that take no time.</summary>
    public string? Devices { get; set; }

    /// <summary>What the simulation's attackers do, such as <c>alie:tau=1.5</c>; null for no attack.</summary>
    public string? Attack { get; set; }

    /// <summary>Number of attackers among the clients.</summary>
    public int? Byzantine { get; set; }

    /// <summary>Which kernels run a masked model: <c>auto</c>, <c>sparse</c> or <c>dense</c>.</summary>
    public string? Kernels { get; set; }

    /// <summary>Options of the model by name, such as <c>norm: group</c>.</summary>
    public Dictionary<string, string>? ModelOptions { get; set; }
}
