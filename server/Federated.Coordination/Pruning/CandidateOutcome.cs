namespace Federated.Coordination.Pruning;

/// <summary>What decided between the candidates.</summary>
/// <param name="Chosen">The mask that was taken, from 0.</param>
/// <param name="Losses">Summed losses, by candidate.</param>
/// <param name="Predictions">Predictions behind them; 0 where nobody had a finite loss.</param>
public sealed record CandidateOutcome(int Chosen, IReadOnlyList<double> Losses, IReadOnlyList<double> Predictions);
