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

    /// <summary>The aggregation of the job; null for the mean with the durability and timing above.</summary>
    public object? Aggregation { get; init; }

    /// <summary>The compression of the job; null for none.</summary>
    public object? Compression { get; init; }

    /// <summary>By how much a device shifts one parameter, of its shift and the parameter's number.</summary>
    public Func<float, int, float> Pattern { get; init; } = static (shift, _) => shift;

    /// <summary>What the aggregate of updates is, given in the order of their assignment ids; the mean unless it is another.</summary>
    public Func<IReadOnlyList<float[]>, float[]> Combine { get; init; } =
        static updates => [.. Enumerable.Range(0, updates[0].Length).Select(k => (float)updates.Average(update => (double)update[k]))];

    /// <summary>How far a parameter may be from its expected value.</summary>
    public double Tolerance { get; init; } = 1e-4;

    public int Features { get; init; } = 7;

    public int Outputs { get; init; } = 3;

    /// <summary>Does to a model what a device of that shift does.</summary>
    /// <returns>The model.</returns>
    public float[] Apply(float[] parameters, float shift)
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            parameters[i] += Pattern(shift, i);
        }

        return parameters;
    }
}
