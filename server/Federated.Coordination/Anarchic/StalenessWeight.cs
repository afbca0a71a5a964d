namespace Federated.Coordination.Anarchic;

/// <summary>s(tau), by which an update counts less the staler it is.</summary>
internal abstract record StalenessWeight
{
    private StalenessWeight()
    {
    }

    /// <summary>The factor, in (0, 1].</summary>
    public abstract double Of(long staleness);

    /// <summary>1 for every update.</summary>
    public sealed record Constant : StalenessWeight
    {
        public override double Of(long staleness) => 1;
    }

    /// <summary>(tau + 1)^-exponent.</summary>
    public sealed record Polynomial(double Exponent) : StalenessWeight
    {
        public override double Of(long staleness) => Math.Pow(staleness + 1, -Exponent);
    }

    /// <summary>1 up to the start, then 1 / (slope (tau - start) + 1).</summary>
    public sealed record Hinge(double Slope, double Start) : StalenessWeight
    {
        public override double Of(long staleness) => staleness <= Start ? 1 : 1 / ((Slope * (staleness - Start)) + 1);
    }
}
