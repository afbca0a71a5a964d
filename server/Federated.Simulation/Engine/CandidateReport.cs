namespace Federated.Simulation.Engine;

/// <summary>How devices judged the masks that a sparse model might begin with.</summary>
/// <param name="Chosen">The mask that was taken, from 0.</param>
/// <param name="Candidates">What was found of each; a single one is taken as it is.</param>
/// <param name="BytesUp">Bytes of the devices' sums.</param>
/// <param name="BytesDown">Bytes of the model, the counts and the pooled statistics.</param>
public sealed record CandidateReport(int Chosen, IReadOnlyList<CandidateFigures> Candidates, long BytesUp, long BytesDown);
