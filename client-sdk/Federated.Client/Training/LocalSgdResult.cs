namespace Federated.Client.Training;

/// <summary>What a solver did.</summary>
/// <param name="Steps">Steps taken.</param>
/// <param name="PlannedSteps">Steps that the plan asked for; more than <see cref="Steps"/> when the work was stopped or diverged.</param>
/// <param name="MeanLoss">Mean of the batch losses along the way, in nats; NaN without a step.</param>
/// <param name="Normaliser">
/// The L1 norm of the coefficients by which the gradients entered the result, ||a||₁ of FedNova: the number of steps for plain SGD, more with momentum.
/// </param>
/// <param name="Diverged">Whether a loss was not finite; the parameters are then those before that step.</param>
public readonly record struct LocalSgdResult(int Steps, int PlannedSteps, double MeanLoss, double Normaliser, bool Diverged);
