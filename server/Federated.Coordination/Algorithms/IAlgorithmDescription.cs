using System.Collections.Immutable;
using Federated.Protocol.Jobs;

namespace Federated.Coordination.Algorithms;

/// <summary>What an algorithm is called, what it takes and what is wrong with a definition of it.</summary>
public interface IAlgorithmDescription
{
    /// <summary>The name by which job definitions ask for it, such as <c>fedavg</c>.</summary>
    string Name { get; }

    /// <summary>What it is, in one line.</summary>
    string Summary { get; }

    /// <summary>The parameters of its own.</summary>
    ImmutableArray<AlgorithmParameter> Parameters { get; }

    /// <summary>The name of the client half that its devices run; several algorithms may share one. Null for an exchange of scalars, which has no updates.</summary>
    string? ClientHalf { get; }

    /// <summary>What is wrong with the algorithm's own parameters in a definition; empty when nothing is.</summary>
    /// <param name="job">A definition that is valid otherwise and names this algorithm.</param>
    IReadOnlyList<JobDefinitionError> Validate(JobDefinition job);
}
