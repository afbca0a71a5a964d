using Federated.Coordination.Pruning;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Simulation.Models;

namespace Federated.Simulation.Pruning;

/// <summary>The initial model of a run. For a job that begins with SynFlow it is one that SynFlow has pruned, as a server's would be uploaded.</summary>
internal static class SynFlowStart
{
    /// <param name="definition">What the model is.</param>
    /// <param name="model">The initial model; pruned in place.</param>
    /// <param name="job">The job.</param>
    /// <exception cref="SimulationException">SynFlow cannot prune the model.</exception>
    public static ModelContent Of(ModelDefinition definition, ModelContent model, JobDefinition job)
    {
        if (job.Pruning.Method != PruningMethods.SynFlow)
        {
            return model;
        }

        try
        {
            definition.MaskBySynFlow(model, job.Pruning.Density).Apply(model.Parameters);
            return model;
        }
        catch (ArgumentException exception)
        {
            throw new SimulationException($"pruning synflow: {exception.Message.Split(" (Parameter", StringSplitOptions.None)[0]}", exception);
        }
    }
}
