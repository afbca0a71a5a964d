using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.UnitTests.Sparse;

/// <summary>A masked model with examples, ready to train, and the same for the oracle.</summary>
internal sealed class SparseTask
{
    public SparseTask(SparseArchitecture architecture, double density, int count, int workers = 1, bool bias = true, ModelContent? content = null)
    {
        Architecture = architecture;
        Content = content ?? SparseModels.Random(SparseModels.SchemaOf(architecture, bias), density);
        Mask = ModelMask.Create(Content.Schema, 1, [.. PrunableLayer.Of(Content.Schema).Select(layer => ActiveOf(Content.Parameters.AsSpan(layer.Start, layer.Count)))]);
        int classes = architecture.Shapes()[^1].Channels, length = architecture.Channels * architecture.Height * architecture.Width;
        Images = SparseModels.Images(count, length);
        Labels = [.. Enumerable.Range(0, count).Select(i => i * 7 % classes)];
        Examples = new ExampleSet(Images, length, Labels);
        All = [.. Enumerable.Range(0, count)];
        Objective = new SparseObjective(architecture, Content.Schema, Mask, workers);
        Objective.Select(Examples, All);
        Objective.LoadStatistics(Content.Statistics, Content.Counts);
        Packed = Pack(Content.Parameters);
    }

    public SparseArchitecture Architecture { get; }

    public ModelContent Content { get; }

    public ModelMask Mask { get; }

    public float[] Images { get; }

    public int[] Labels { get; }

    public int[] All { get; }

    public ExampleSet Examples { get; }

    public SparseObjective Objective { get; }

    /// <summary>The packed parameters.</summary>
    public float[] Packed { get; }

    public float[] Pack(ReadOnlySpan<float> flat)
    {
        float[] packed = new float[Mask.PackedCount];
        Mask.Pack(flat, packed);
        return packed;
    }

    /// <summary>The coordinates of the flat vector that the packed one holds.</summary>
    public double[] Pack(double[] flat)
    {
        var packed = new List<double>();
        int from = 0;
        for (int l = 0; l < Mask.Layers.Length; l++)
        {
            PrunableLayer layer = Mask.Layers[l];
            packed.AddRange(flat[from..layer.Start]);
            foreach (int index in Mask.Active(l))
            {
                packed.Add(flat[layer.Start + index]);
            }

            from = layer.Start + layer.Count;
        }

        packed.AddRange(flat[from..]);
        return [.. packed];
    }

    private static int[] ActiveOf(ReadOnlySpan<float> weights)
    {
        var active = new List<int>();
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] != 0)
            {
                active.Add(i);
            }
        }

        return [.. active];
    }
}
