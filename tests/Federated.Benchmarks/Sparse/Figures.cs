using System.Globalization;
using Federated.Benchmarks.Framework;

namespace Federated.Benchmarks.Sparse;

/// <summary>One figure for each density, with a goal where there is one.</summary>
internal static class Figures
{
    /// <summary>Sparse runs of one turn: libtorch's threads wait busily for a while after their work, and would be measured with a run that is shorter than that.</summary>
    public const int Repeats = 8;

    public static Action Repeat(Action run) => () =>
    {
        for (int i = 0; i < Repeats; i++)
        {
            run();
        }
    };

    public static void Add(BenchmarkContext context, string name, double density, double speedup, Func<double, double?> goal)
    {
        string figure = string.Create(CultureInfo.InvariantCulture, $"{name}.{density}.speedup");
        if (goal(density) is { } bound)
        {
            context.AtLeast(figure, speedup, bound);
        }
        else
        {
            context.Tell(figure, speedup, "ratio");
        }
    }
}
