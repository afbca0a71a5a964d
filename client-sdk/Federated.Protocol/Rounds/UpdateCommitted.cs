namespace Federated.Protocol.Rounds;

/// <summary>
/// The claim check of a stored update: what moves through the event bus in place of its bytes. Handlers are idempotent by
/// <see cref="Key"/> and <see cref="AssignmentId"/>.
/// </summary>
/// <param name="Key">The round.</param>
/// <param name="AssignmentId">The update's id.</param>
/// <param name="DeviceId">Who sent it.</param>
/// <param name="NodeId">The node whose pool holds it.</param>
/// <param name="SlotKey">The 16-byte key of its slot in hexadecimal.</param>
/// <param name="Length">Payload bytes.</param>
/// <param name="Checksum">XxHash3 (64 bits) of the payload.</param>
/// <param name="Weight">Number of examples.</param>
/// <param name="LocalSteps">Optimizer steps done.</param>
/// <param name="TrainingLoss">Mean training loss; NaN when unknown.</param>
/// <param name="TrainingSeconds">Seconds of local work.</param>
/// <param name="Norm">L2 norm of the float sections.</param>
/// <param name="Role">The device's role in the round, which decides what sections the update has.</param>
public sealed record UpdateCommitted(
    RoundKey Key,
    string AssignmentId,
    string DeviceId,
    string NodeId,
    string SlotKey,
    long Length,
    ulong Checksum,
    double Weight,
    int LocalSteps,
    double TrainingLoss,
    double TrainingSeconds,
    double Norm,
    string Role = "")
{
    /// <summary>What compression did to it; null for a dense update, and where the device does not tell.</summary>
    public CompressionFigures? Compression { get; init; }
}
