using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms;

/// <summary>What the factories of the algorithms with rounds share.</summary>
internal abstract class AlgorithmFactory : AlgorithmTable, IServerAlgorithmFactory
{
    /// <inheritdoc/>
    public virtual bool AveragesDeltas => true;

    /// <inheritdoc/>
    public virtual bool StartsNearby => true;

    /// <inheritdoc/>
    public virtual IReadOnlyList<JobDefinitionError> Validate(JobDefinition job, ModelSchema schema) => [];

    /// <inheritdoc/>
    public abstract IServerAlgorithm Create(JobDefinition job, ModelSchema schema);
}
