namespace Federated.Client.Compression;

/// <summary>What a step of error feedback comes to, as sums of squares.</summary>
/// <param name="Lost">Of what the compressor left out: ‖C(v) − v‖².</param>
/// <param name="Owed">Of what the client owes afterwards.</param>
/// <param name="IsFinite">Whether every remembered value is finite.</param>
internal readonly record struct FeedbackSums(double Lost, double Owed, bool IsFinite);
