namespace Federated.Aggregation.Robust.Flag;

/// <summary>The fitted subspace, told in terms of the p updates.</summary>
/// <param name="Coefficients">u: the aggregate is <c>Σ u_i · update_i</c>. May be negative.</param>
/// <param name="Ratios">v: part of each normalised update that the subspace holds, in [0, 1]; 0 for a zero update.</param>
/// <param name="Eigenvalues">Of the last step's weighted Gram matrix, descending.</param>
/// <param name="Basis">C in p rows: the subspace's orthonormal basis is <c>X · C</c> with the normalised updates X.</param>
public sealed record FlagSolution(double[] Coefficients, double[] Ratios, double[] Eigenvalues, double[][] Basis);
