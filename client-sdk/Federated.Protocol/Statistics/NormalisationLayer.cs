using Federated.Protocol.Models;

namespace Federated.Protocol.Statistics;

/// <summary>A layer that normalises its input by running statistics, as the schema tells of it.</summary>
/// <param name="Name">The module's name, such as <c>stages.0.norm1</c>.</param>
/// <param name="Channels">Number of channels.</param>
public readonly record struct NormalisationLayer(string Name, int Channels)
{
    private const string Mean = ".running_mean";
    private const string Variance = ".running_var";

    /// <summary>The layers of a model, in schema order: those with a running mean and, behind it, a running variance of the same shape.</summary>
    /// <param name="schema">The model's schema.</param>
    public static IReadOnlyList<NormalisationLayer> Of(ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        TensorSpec[] statistics = [.. schema.Of(TensorPart.Statistic)];
        var layers = new List<NormalisationLayer>();
        for (int i = 0; i + 1 < statistics.Length; i++)
        {
            string name = statistics[i].Name;
            if (name.EndsWith(Mean, StringComparison.Ordinal)
                && statistics[i + 1].Name == name[..^Mean.Length] + Variance
                && statistics[i + 1].ElementCount == statistics[i].ElementCount)
            {
                layers.Add(new NormalisationLayer(name[..^Mean.Length], checked((int)statistics[i].ElementCount)));
            }
        }

        return layers;
    }
}
