using Federated.Client.Sparse;
using Federated.Numerics;

namespace Federated.Benchmarks.Sparse;

/// <summary>Matrices whose entries are there with a probability.</summary>
internal static class RandomMatrix
{
    public static readonly double[] Densities = [0.001, 0.01, 0.05, 0.1, 0.2];

    public static CsrMatrix Of(int rows, int columns, double density)
    {
        float[] dense = new float[rows * columns];
        var random = new CounterRandom(1, RandomPurpose.Test);
        foreach (ref float value in dense.AsSpan())
        {
            value = random.NextSingle() < density ? random.NextSingle() - 0.5f : 0;
        }

        return CsrMatrix.FromDense(rows, columns, dense);
    }
}
