using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms;

/// <summary>Makes the server half of one algorithm for a job.</summary>
public interface IServerAlgorithmFactory : IAlgorithmDescription
{
    /// <summary>Whether the server half steps by the mean of the DELTA sections, so that an estimate of that mean can stand in for it.</summary>
    bool AveragesDeltas => true;

    /// <summary>
    /// Whether its devices may start from a model that only follows the server's (a compressed down-link). Not where their vectors are tied to the server's own model, as gradients
    /// at it are.
    /// </summary>
    bool StartsNearby => true;

    /// <summary>What of a valid definition does not go with the size of the model; empty when everything does.</summary>
    /// <param name="job">A definition that is valid otherwise.</param>
    /// <param name="schema">The schema of the model.</param>
    IReadOnlyList<JobDefinitionError> Validate(JobDefinition job, ModelSchema schema) => [];

    /// <summary>Makes the server half at the start of a job.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="schema">The schema of the model.</param>
    IServerAlgorithm Create(JobDefinition job, ModelSchema schema);
}
