using Federated.Simulation.Engine;

namespace Federated.Simulation.Reports;

/// <summary>How sparse the last model of a run is.</summary>
/// <param name="Active">Active weights of convolutions and linear layers.</param>
/// <param name="Prunable">All of them.</param>
/// <param name="MaskEpoch">Version of the mask.</param>
/// <param name="MaskSha256">SHA-256 of the mask, hexadecimal.</param>
/// <param name="Candidates">How the first mask was chosen.</param>
public sealed record PruningSummary(int Active, int Prunable, long MaskEpoch, string MaskSha256, CandidateReport Candidates);
