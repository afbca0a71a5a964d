using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms;

/// <summary>
/// The client half of a federated algorithm. It is stateless: one instance serves all threads. What a client must remember goes through <see cref="ClientTask.State"/> and
/// <see cref="ClientUpdate.NextState"/>.
/// </summary>
public interface IClientAlgorithm
{
    /// <summary>The registered name, such as <c>fedavg</c>; the server half has the same.</summary>
    string Name { get; }

    /// <summary>The sections of an update, in order. Their denominators say nothing: the server half decides by what a sum is divided.</summary>
    /// <param name="schema">The model.</param>
    /// <param name="settings">The task's settings.</param>
    /// <param name="role">The client's role in the round.</param>
    IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role);

    /// <summary>Floats that a client saves between its rounds; 0 for none.</summary>
    /// <param name="schema">The model.</param>
    /// <param name="settings">The task's settings.</param>
    int StateLength(ModelSchema schema, LocalTraining settings) => 0;

    /// <summary>
    /// Vectors of the parameters' length with which the saved floats begin. Those of a sparse model follow its mask: coordinates that have left it since are zero when the state comes back.
    /// </summary>
    /// <param name="schema">The model.</param>
    /// <param name="settings">The task's settings.</param>
    int StateVectors(ModelSchema schema, LocalTraining settings) => 0;

    /// <summary>Does the local work and writes the update.</summary>
    /// <param name="task">The model version and what belongs to it.</param>
    /// <param name="solver">Holds the client's examples; its objective fits the task's schema.</param>
    /// <param name="update">Receives sections, weight, steps and, where the algorithm keeps state, what to save once the update is counted.</param>
    /// <param name="stop">Ends the work early, between two steps.</param>
    /// <exception cref="ArgumentException">The task's settings or vectors do not fit the model.</exception>
    ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default);
}
