using Federated.Client.Training;
using Federated.Client.Training.Softmax;
using Federated.Protocol.Models;
using Federated.Simulation.Costs;

namespace Federated.Simulation.Models;

/// <summary>Softmax regression, or logistic regression with one output for two classes, on the torch-free trainer. It starts from zeros.</summary>
internal sealed class LogisticDefinition(ModelShape shape, int classes)
    : ModelDefinition("logistic", shape, classes, LinearModel.CreateSchema(shape.FeatureLength, OutputsFor(classes)))
{
    public override ModelContent Initialise(ulong seed) => ModelContent.Zeros(Schema);

    public override ModelCost MeasureCost() => new(Schema, [new LayerCost(Schema.Tensors[0], Positions: 1)], NormalisedOutputs: 0);

    public override ModelWorker CreateWorker(string device = "cpu")
    {
        var objective = new SoftmaxObjective(Shape.FeatureLength, OutputsFor(Classes));
        return new ModelWorker(objective, new SgdSolver(objective));
    }

    private static int OutputsFor(int classes) => classes == 2 ? 1 : classes;
}
