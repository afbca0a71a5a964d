namespace Federated.FunctionalTests.Tier;

/// <summary>A job of a <see cref="TierWorld"/> and what its devices do.</summary>
/// <param name="Rounds">Training rounds.</param>
/// <param name="Shifts">By how much each device shifts the model.</param>
internal sealed record TierJob(int Rounds, float[] Shifts)
{
    /// <summary>What a stored update survives.</summary>
    public string Durability { get; init; } = "journal";

    /// <summary>When a stored update is summed.</summary>
    public string Timing { get; init; } = "eager";

    /// <summary>The first device does not finish its work of this round before <see cref="TierWorld.Release"/>; 0 for none.</summary>
    public int HoldInRound { get; init; }

    /// <summary>Updates that a round needs.</summary>
    public int Minimum { get; init; } = 1;

    public int Features { get; init; } = 7;

    public int Outputs { get; init; } = 3;
}
