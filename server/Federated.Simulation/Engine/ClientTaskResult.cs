using Federated.Client.Algorithms;
using Federated.Client.Compression;

namespace Federated.Simulation.Engine;

/// <summary>What came of one client's work: the update lies in the slot's memory.</summary>
/// <param name="Outcome">How the client half ended; null when the client vanished or its code failed.</param>
/// <param name="Error">The text of an exception; null otherwise.</param>
/// <param name="Weight">What the update weighs.</param>
/// <param name="Steps">Optimizer steps taken.</param>
/// <param name="TrainingLoss">Mean training loss.</param>
/// <param name="Gradients">Gradients of single examples that the work took.</param>
/// <param name="Encoded">The compressed update; null when it is sent dense.</param>
internal readonly record struct ClientTaskResult(
    ClientOutcome? Outcome, string? Error, double Weight, int Steps, double TrainingLoss, long Gradients, EncodedUpdate? Encoded = null);
