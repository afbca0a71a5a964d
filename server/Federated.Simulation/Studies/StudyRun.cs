using Federated.Simulation.Reports;

namespace Federated.Simulation.Studies;

/// <summary>One run of a study.</summary>
/// <param name="Arm">Its setting.</param>
/// <param name="Seed">Its seed.</param>
/// <param name="Result">What came of it.</param>
public sealed record StudyRun(StudyArm Arm, ulong Seed, ResultDocument Result);
