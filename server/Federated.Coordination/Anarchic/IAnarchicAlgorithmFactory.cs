using Federated.Coordination.Algorithms;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Anarchic;

/// <summary>Makes the server half of one asynchronous algorithm for a job.</summary>
public interface IAnarchicAlgorithmFactory : IAlgorithmDescription
{
    /// <summary>What a definition asks of the server that it cannot have with this model, such as memory for every worker.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="schema">The schema of the model.</param>
    IReadOnlyList<JobDefinitionError> Validate(JobDefinition job, ModelSchema schema);

    /// <summary>Makes the server half at the start of a job.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="schema">The schema of the model.</param>
    IAnarchicAlgorithm Create(JobDefinition job, ModelSchema schema);
}
