using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Pruning;

/// <summary>Makes a pruning method for a job.</summary>
public interface IPruningMethodFactory
{
    /// <summary>The name by which job definitions ask for it, such as <c>fedtiny</c>.</summary>
    string Name { get; }

    /// <summary>What it is, in one line.</summary>
    string Summary { get; }

    /// <summary>Makes the method.</summary>
    /// <param name="settings">Valid settings.</param>
    /// <param name="schema">The schema of the model.</param>
    /// <param name="seed">Seed of every draw.</param>
    IPruningMethod Create(PruningSettings settings, ModelSchema schema, ulong seed);
}
