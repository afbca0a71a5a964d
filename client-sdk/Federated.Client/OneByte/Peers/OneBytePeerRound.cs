namespace Federated.Client.OneByte.Peers;

/// <summary>A round that this member has applied.</summary>
/// <param name="Round">The round, from 0.</param>
/// <param name="Machines">Machines whose bytes are in it.</param>
/// <param name="Loss">This member's mean loss when it measured last, in nats; NaN before.</param>
public sealed record OneBytePeerRound(uint Round, int Machines, double Loss);
