namespace Federated.Client.OneByte.Peers;

/// <summary>How an exchange among peers ended.</summary>
/// <param name="StateHash">SHA-256 of the last state, lower-case hexadecimal.</param>
/// <param name="Rounds">Rounds of the log.</param>
/// <param name="Measured">Rounds that this member measured.</param>
/// <param name="TakenOver">Rounds that this member finished in a later view than the first: a sequencer had been given up.</param>
/// <param name="BytesSent">Bytes that this member sent, framing included.</param>
/// <param name="IsConfirmed">Whether every member of the last record has told the same hash.</param>
public sealed record OneBytePeerResult(string StateHash, uint Rounds, int Measured, int TakenOver, long BytesSent, bool IsConfirmed)
{
    /// <summary>Links that were closed because the other side did not prove to be a member.</summary>
    public int Refused { get; init; }
}
