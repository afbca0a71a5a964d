namespace Federated.UnitTests.Sparse;

/// <summary>How far two vectors are apart: the largest difference over the largest magnitude.</summary>
internal static class Closeness
{
    public static void Holds(IEnumerable<double> expected, IEnumerable<float> actual, double bound = 1e-5)
    {
        double[] left = [.. expected];
        float[] right = [.. actual];
        Assert.Equal(left.Length, right.Length);
        double size = left.Max(Math.Abs), worst = 0;
        for (int i = 0; i < left.Length; i++)
        {
            worst = Math.Max(worst, double.IsNaN(right[i]) ? double.PositiveInfinity : Math.Abs(left[i] - right[i]));
        }

        Assert.True(worst <= bound * size, $"The largest of {left.Length} differences is {worst:G4}, the largest value {size:G4}: {worst / size:G4} > {bound:G4}.");
    }
}
