namespace Federated.Simulation.Reports;

/// <summary>The last model.</summary>
/// <param name="Accuracy">Share of right predictions on the test part, 0 to 1; null when the run stopped before a round was done.</param>
/// <param name="Loss">Mean test loss in nats; null likewise.</param>
/// <param name="ModelSha256">SHA-256 over the parameters as float32, little-endian, in schema order; lower-case hexadecimal.</param>
/// <param name="Parameters">Number of parameters.</param>
/// <param name="BackdoorSuccess">Share of the test examples of other classes that the attackers' patch turns into their target; null without a backdoor attack.</param>
/// <param name="Round">The round that made the model; 0 for the initial one.</param>
public sealed record FinalResult(double? Accuracy, double? Loss, string ModelSha256, int Parameters, double? BackdoorSuccess, int Round)
{
    /// <summary>SHA-256 of the last state of a one-byte exchange: integer or float weights, and the velocity behind them; null for other algorithms.</summary>
    public string? StateSha256 { get; init; }
}
