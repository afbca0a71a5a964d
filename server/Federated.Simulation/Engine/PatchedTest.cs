using Federated.Client.Training;
using Federated.Simulation.Attacks;
using Federated.Simulation.Data;

namespace Federated.Simulation.Engine;

/// <summary>The test examples of other classes than the target, with the attackers' patch on them and the target as their label: accuracy is the backdoor's success.</summary>
internal static class PatchedTest
{
    public static Dataset Of(Dataset dataset, BackdoorPatch patch)
    {
        ExampleSet examples = dataset.Examples;
        int[] rows = [.. dataset.Test.Where(row => examples.Labels.Span[row] != patch.Target)];
        float[] features = new float[rows.Length * examples.FeatureLength];
        int[] labels = new int[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            Span<float> example = features.AsSpan(i * examples.FeatureLength, examples.FeatureLength);
            examples.CopyRow(rows[i], example);
            patch.Stamp(example, dataset.Shape);
            labels[i] = patch.Target;
        }

        return dataset.With(new ExampleSet(features, examples.FeatureLength, labels), [.. Enumerable.Range(0, rows.Length)]);
    }
}
