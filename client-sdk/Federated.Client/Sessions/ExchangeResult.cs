namespace Federated.Client.Sessions;

/// <summary>What a device did in an exchange of scalars.</summary>
/// <param name="Rounds">Rounds whose record has its gradients.</param>
/// <param name="StateHash">SHA-256 of the last state, hexadecimal; null when the device never had one.</param>
internal readonly record struct ExchangeResult(int Rounds, string? StateHash);
