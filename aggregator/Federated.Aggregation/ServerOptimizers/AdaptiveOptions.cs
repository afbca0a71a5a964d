namespace Federated.Aggregation.ServerOptimizers;

/// <summary>Hyper-parameters of the adaptive optimizers.</summary>
/// <param name="LearningRate">η.</param>
/// <param name="Beta1">Decay of the first moment; 0 makes it the delta itself.</param>
/// <param name="Beta2">Decay of the second moment; unused by Adagrad.</param>
/// <param name="Tau">Added to the root of the second moment: how adaptive a step is.</param>
/// <param name="BiasCorrection">Adam only: divides out that the moments start at 0.</param>
/// <param name="InitialSecondMoment">v before the first step.</param>
internal readonly record struct AdaptiveOptions(
    double LearningRate, double Beta1, double Beta2, double Tau, bool BiasCorrection, double InitialSecondMoment);
