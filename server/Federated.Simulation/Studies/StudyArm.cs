using Federated.Simulation.Engine;

namespace Federated.Simulation.Studies;

/// <summary>One setting of a study.</summary>
/// <param name="Name">Its name in tables, unique within its group.</param>
/// <param name="Group">Arms of a group share data and partition; their names are the columns of a table whose rows are the groups.</param>
/// <param name="Request">What is run; the seed is replaced.</param>
public sealed record StudyArm(string Name, string Group, SimulationRequest Request)
{
    /// <summary>The accuracy whose cost is compared, where the arm's data ask for another than the study's; null for the study's.</summary>
    public double? Target { get; init; }
}
