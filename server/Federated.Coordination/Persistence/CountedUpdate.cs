using Federated.Protocol.Rounds;

namespace Federated.Coordination.Persistence;

/// <summary>The figures of an update that counts; never its contents.</summary>
/// <param name="AssignmentId">Names the update.</param>
/// <param name="Weight">Examples behind it.</param>
/// <param name="LocalSteps">Optimizer steps done.</param>
/// <param name="Bytes">Payload bytes.</param>
/// <param name="TrainingLoss">Mean local loss; NaN when unknown.</param>
/// <param name="TrainingSeconds">Time that the local work took on the device.</param>
/// <param name="Score">How the aggregation rule judged it; null under the mean.</param>
public sealed record CountedUpdate(
    string AssignmentId,
    double Weight,
    int LocalSteps,
    long Bytes,
    double TrainingLoss,
    double TrainingSeconds,
    UpdateScore? Score = null)
{
    /// <summary>Bytes that the device downloaded for its task; null when the coordinator that gave it out is gone.</summary>
    public long? BytesDown { get; init; }

    /// <summary>What compression did to it; null for a dense update.</summary>
    public CompressionFigures? Compression { get; init; }
}
