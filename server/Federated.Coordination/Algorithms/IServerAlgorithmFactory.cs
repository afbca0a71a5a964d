using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms;

/// <summary>Makes the server half of one algorithm for a job.</summary>
public interface IServerAlgorithmFactory
{
    /// <summary>The name by which job definitions ask for it, such as <c>fedavg</c>.</summary>
    string Name { get; }

    /// <summary>What it is, in one line.</summary>
    string Summary { get; }

    /// <summary>The parameters of its own.</summary>
    ImmutableArray<AlgorithmParameter> Parameters { get; }

    /// <summary>The name of the client half that its devices run; several algorithms may share one.</summary>
    string ClientHalf { get; }

    /// <summary>Whether the server half steps by the mean of the DELTA sections, so that an estimate of that mean can stand in for it.</summary>
    bool AveragesDeltas => true;

    /// <summary>What is wrong with the algorithm's own parameters in a definition; empty when nothing is.</summary>
    /// <param name="job">A definition that is valid otherwise and names this algorithm.</param>
    IReadOnlyList<JobDefinitionError> Validate(JobDefinition job);

    /// <summary>Makes the server half at the start of a job.</summary>
    /// <param name="job">A valid definition.</param>
    /// <param name="schema">The schema of the model.</param>
    IServerAlgorithm Create(JobDefinition job, ModelSchema schema);
}
