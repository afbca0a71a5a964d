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
        int[] labels = [.. Enumerable.Repeat(patch.Target, rows.Length)];
        ExampleSet patched = ExampleCopies.Of(examples, rows, labels, _ => true, patch.PlacesIn(dataset.Shape), patch.Value);
        return dataset.With(patched, test: [.. Enumerable.Range(0, rows.Length)]);
    }
}
