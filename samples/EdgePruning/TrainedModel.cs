using System.Globalization;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Simulation.Data;

namespace Federated.Samples.EdgePruning;

/// <summary>A pruned model, and what it was trained on.</summary>
internal sealed record TrainedModel(ModelContent Model, ModelMask Mask, Dataset Dataset)
{
    /// <summary>Shape of an example.</summary>
    public int[] Input => [.. Dataset.Shape.Dimensions];

    /// <summary>Writes the held-out examples, one a line: the features, scaled as in training, then the class.</summary>
    public void WriteExamples(string path)
    {
        ExampleSet examples = Dataset.Examples;
        float[] example = new float[examples.FeatureLength];
        using var writer = new StreamWriter(path);
        foreach (int row in Dataset.Test)
        {
            examples.CopyRow(row, example);
            foreach (float value in example)
            {
                writer.Write(value.ToString(CultureInfo.InvariantCulture));
                writer.Write(',');
            }

            writer.WriteLine(examples.Labels.Span[row].ToString(CultureInfo.InvariantCulture));
        }
    }
}
