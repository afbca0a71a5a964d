using Federated.Simulation.Engine;

namespace Federated.Simulation.Studies;

/// <summary>One setting of a study.</summary>
/// <param name="Name">Its name in tables, unique within its group.</param>
/// <param name="Group">Arms of a group share data and partition; their names are the columns of a table whose rows are the groups.</param>
/// <param name="Request">What is run; the seed is replaced.</param>
public sealed record StudyArm(string Name, string Group, SimulationRequest Request);
