using Federated.Simulation.Data;

namespace Federated.Simulation.Partitions;

/// <summary>The training rows of every class.</summary>
internal static class RowsByClass
{
    public static int[][] Of(Dataset dataset)
    {
        ReadOnlySpan<int> labels = dataset.Examples.Labels.Span;
        List<int>[] classes = [.. Enumerable.Range(0, dataset.ClassCount).Select(_ => new List<int>())];
        foreach (int row in dataset.Train)
        {
            classes[labels[row]].Add(row);
        }

        return [.. classes.Select(rows => rows.ToArray())];
    }
}
