namespace Federated.Aggregation.Robust.Flag;

/// <summary>Settings of the Flag aggregator.</summary>
public sealed record FlagOptions
{
    /// <summary>Most iterations that may be asked for.</summary>
    public const int MostIterations = 10;

    /// <summary>Dimensions m of the subspace, at least 1; null for ⌈(p+1)/2⌉ of the p updates that arrived.</summary>
    public int? SubspaceSize { get; init; }

    /// <summary>Reweighted least-squares steps, 1 to 10. More of them favour colluders that reconstruct each other.</summary>
    public int Iterations { get; init; } = 1;

    /// <summary>Smoothing ε inside the root of the objective, greater than 0.</summary>
    public double Epsilon { get; init; } = 1e-7;

    /// <summary>Weight λ of the pair terms, at least 0; 0 leaves them out.</summary>
    public double PairWeight { get; init; }

    /// <summary>Whether differences of pairs are normalised; without it the steps need not descend.</summary>
    public bool NormalisesPairs { get; init; } = true;

    /// <summary>Form of the result.</summary>
    public FlagForm Form { get; init; } = FlagForm.Rescaled;

    /// <summary>
    /// Eigenvalues below this part of the largest count as zero; null for p · 1e-7, which fits products summed in float32.
    /// </summary>
    public double? RankTolerance { get; init; }

    internal void Check()
    {
        Require(SubspaceSize is null or >= 1, "subspace size", SubspaceSize, "at least 1");
        Require(Iterations is >= 1 and <= MostIterations, "number of iterations", Iterations, $"1 to {MostIterations}");
        Require(Epsilon > 0 && double.IsFinite(Epsilon), "epsilon", Epsilon, "greater than 0");
        Require(PairWeight >= 0 && double.IsFinite(PairWeight), "pair weight", PairWeight, "at least 0");
        Require(RankTolerance is null or (> 0 and < 1), "rank tolerance", RankTolerance, "in (0, 1)");
        Require(Enum.IsDefined(Form), "form", Form, $"one of {string.Join(", ", Enum.GetNames<FlagForm>())}");
    }

    private static void Require(bool isGood, string what, object? value, string range)
    {
        if (!isGood)
        {
            throw new ArgumentException($"Flag aggregator: the {what} is {value}; it must be {range}.");
        }
    }
}
