namespace Federated.Protocol.Codecs;

/// <summary>Addresses the random draws of one compression.</summary>
/// <param name="Seed">Seed of the job.</param>
/// <param name="Round">The round: masks and starts are shared by its clients.</param>
/// <param name="Client">The client: stochastic rounding is its own.</param>
public readonly record struct CompressionDraw(ulong Seed, uint Round, uint Client);
