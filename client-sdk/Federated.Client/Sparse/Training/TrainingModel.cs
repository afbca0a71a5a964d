using System.Collections.Immutable;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Statistics;

namespace Federated.Client.Sparse.Training;

/// <summary>A masked model as the graphs of all batch sizes share it: which weights are active, and where its numbers stand.</summary>
internal sealed class TrainingModel
{
    public TrainingModel(SparseArchitecture architecture, ModelSchema schema, ModelMask mask, int workers)
    {
        Architecture = architecture;
        Schema = schema;
        Mask = mask;
        Shapes = architecture.Shapes();
        Context = new TrainingContext(new Workers(workers), new float[schema.StatisticCount], new long[schema.CountCount]);
        Table = new PackedTable(schema, mask);
        var buffers = new TensorTable(schema);
        Weights = new ActiveWeights?[Shapes.Length];
        Norms = new NormPlaces?[Shapes.Length];
        for (int i = 0; i < Shapes.Length; i++)
        {
            SparseLayer layer = architecture.Layers[i];
            SparseShape input = architecture.InputsOf(i)[0] is >= 0 and var index ? Shapes[index] : InputShape;
            if (layer.Kind is SparseLayerKind.Convolution or SparseLayerKind.Linear)
            {
                Weights[i] = new ActiveWeights(layer, ArchitectureShapes.WeightColumns(layer, input), Table);
            }
            else if (layer.Kind == SparseLayerKind.BatchNorm)
            {
                Norms[i] = PlacesOf(layer, input.Channels, buffers);
            }
        }

        if (Shapes[^1] is not { Height: 1, Width: 1 })
        {
            throw new ArgumentException($"The network puts out {Shapes[^1]}; training takes one score for each class.", nameof(architecture));
        }
    }

    public SparseArchitecture Architecture { get; }

    public ModelSchema Schema { get; }

    public ModelMask Mask { get; }

    public ImmutableArray<SparseShape> Shapes { get; }

    public SparseShape InputShape => new(Architecture.Channels, Architecture.Height, Architecture.Width);

    public int Classes => Shapes[^1].Channels;

    public TrainingContext Context { get; }

    public PackedTable Table { get; }

    /// <summary>By layer; null for layers without.</summary>
    public ActiveWeights?[] Weights { get; }

    /// <summary>By layer; null for layers without.</summary>
    public NormPlaces?[] Norms { get; }

    /// <summary>The first column of every batch norm among the channels of all, in the order of the schema, by the place of its mean.</summary>
    public IReadOnlyDictionary<int, int> NormColumns(out int count)
    {
        var buffers = new TensorTable(Schema);
        var columns = new Dictionary<int, int>();
        count = 0;
        foreach (NormalisationLayer layer in NormalisationLayer.Of(Schema))
        {
            columns.Add(buffers.Find($"{layer.Name}.running_mean", TensorPart.Statistic, layer.Channels).Start.Value, count);
            count += layer.Channels;
        }

        return columns;
    }

    private NormPlaces PlacesOf(SparseLayer layer, int channels, TensorTable buffers)
    {
        string count = $"{layer.Name}.num_batches_tracked";
        return new NormPlaces(
            Table.Find($"{layer.Name}.weight", channels),
            Table.Find($"{layer.Name}.bias", channels),
            buffers.Find($"{layer.Name}.running_mean", TensorPart.Statistic, channels).Start.Value,
            buffers.Find($"{layer.Name}.running_var", TensorPart.Statistic, channels).Start.Value,
            buffers.Has(count) ? buffers.Find(count, TensorPart.Count, 1).Start.Value : -1);
    }
}
