using Federated.Numerics;

namespace Federated.Simulation.Attacks;

/// <summary>
/// Min-Max (Shejwalkar and Houmansadr, NDSS 2021): <c>mean − γ · direction</c> with the largest γ at which its distance to every honest update stays within the
/// largest distance of two honest ones. That γ is a root of a quadratic for each honest update, so nothing is searched.
/// </summary>
internal static class MinMaxCraft
{
    public static float[] Make(IReadOnlyList<ReadOnlyMemory<float>> honest, PerturbationKind kind)
    {
        float[] mean = UpdateMoments.Mean(honest);
        float[] direction = Direction(honest, mean, kind);
        double square = VectorMath.SquaredNorm(direction);
        double gamma = square > 0 ? LargestFactor(honest, mean, direction, square) : 0;
        VectorMath.Axpy((float)-gamma, direction, mean);
        return mean;
    }

    private static double LargestFactor(IReadOnlyList<ReadOnlyMemory<float>> honest, float[] mean, float[] direction, double square)
    {
        float[] difference = new float[mean.Length];
        double diameter = 0;
        for (int i = 0; i < honest.Count; i++)
        {
            for (int j = 0; j < i; j++)
            {
                VectorMath.Subtract(honest[i].Span, honest[j].Span, difference);
                diameter = Math.Max(diameter, VectorMath.SquaredNorm(difference));
            }
        }

        double factor = double.PositiveInfinity;
        foreach (ReadOnlyMemory<float> update in honest)
        {
            VectorMath.Subtract(mean, update.Span, difference);
            double along = VectorMath.Dot(direction, difference);
            double rest = square * Math.Max(0, diameter - VectorMath.SquaredNorm(difference));
            factor = Math.Min(factor, (along + Math.Sqrt((along * along) + rest)) / square);
        }

        return factor;
    }

    private static float[] Direction(IReadOnlyList<ReadOnlyMemory<float>> honest, float[] mean, PerturbationKind kind)
    {
        switch (kind)
        {
            case PerturbationKind.Deviation:
                return UpdateMoments.Deviation(honest, mean);
            case PerturbationKind.Sign:
                return [.. mean.Select(value => (float)Math.Sign(value))];
            default:
                double norm = Math.Sqrt(VectorMath.SquaredNorm(mean));
                return [.. mean.Select(value => norm > 0 ? (float)(value / norm) : 0)];
        }
    }
}
