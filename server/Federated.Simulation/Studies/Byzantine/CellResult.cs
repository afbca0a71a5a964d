using Federated.Simulation.Engine;

namespace Federated.Simulation.Studies.Byzantine;

/// <summary>What came of a run of a study.</summary>
/// <param name="Key">Which run.</param>
/// <param name="Accuracy">Mean of the last three evaluations on the test part, 0 to 1.</param>
/// <param name="BackdoorSuccess">Share of the test examples of other classes that the patch turns into the target; null without a backdoor.</param>
/// <param name="End">How the run ended.</param>
/// <param name="Seconds">Wall-clock seconds.</param>
public sealed record CellResult(CellKey Key, double Accuracy, double? BackdoorSuccess, SimulationEnd End, double Seconds);
