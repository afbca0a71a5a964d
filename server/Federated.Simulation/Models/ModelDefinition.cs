using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Simulation.Costs;

namespace Federated.Simulation.Models;

/// <summary>A model of the zoo, fitted to a data set.</summary>
public abstract class ModelDefinition
{
    private protected ModelDefinition(string name, ModelShape shape, int classes, ModelSchema schema)
    {
        Name = name;
        Shape = shape;
        Classes = classes;
        Schema = schema;
    }

    /// <summary>The name in the zoo.</summary>
    public string Name { get; }

    /// <summary>The examples that it takes.</summary>
    public ModelShape Shape { get; }

    /// <summary>Scores of one prediction.</summary>
    public int Classes { get; }

    /// <summary>Names, shapes and roles of its tensors.</summary>
    public ModelSchema Schema { get; }

    /// <summary>The initial model; the same seed gives the same bytes on every machine.</summary>
    public abstract ModelContent Initialise(ulong seed);

    /// <summary>What a forward pass of one example computes, layer by layer.</summary>
    public abstract ModelCost MeasureCost();

    /// <summary>The mask that SynFlow gives an initial model.</summary>
    /// <param name="initial">The model.</param>
    /// <param name="density">Active weights as a share of those of convolutions and linear layers, in (0, 1].</param>
    /// <exception cref="ArgumentException">The model cannot be pruned so, or the density is too small for it.</exception>
    public virtual ModelMask MaskBySynFlow(ModelContent initial, double density) =>
        throw new ArgumentException($"Model '{Name}' has no flow through layers; SynFlow cannot prune it.", nameof(initial));

    /// <summary>An instance for one worker thread.</summary>
    /// <param name="device"><c>cpu</c>, <c>cuda</c>, <c>cuda:N</c> or <c>auto</c>.</param>
    public abstract ModelWorker CreateWorker(string device = "cpu");
}
