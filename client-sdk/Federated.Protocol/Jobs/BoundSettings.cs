namespace Federated.Protocol.Jobs;

/// <summary>What a device may claim; an update beyond a bound is refused by the gateway.</summary>
public sealed record BoundSettings
{
    /// <summary>Largest L2 norm of an update's float sections; 0 for no bound.</summary>
    public double MaxNorm { get; set; }

    /// <summary>Largest weight (number of examples).</summary>
    public double MaxWeight { get; set; } = 1_000_000;

    /// <summary>Largest number of local steps.</summary>
    public int MaxSteps { get; set; } = 1_000_000;
}
