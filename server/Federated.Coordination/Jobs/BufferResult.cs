using Federated.Coordination.Rounds;

namespace Federated.Coordination.Jobs;

/// <summary>What the closing of a buffer came to.</summary>
/// <param name="Outcome">What became of the updates; null when there is no version.</param>
/// <param name="GoesOn">Whether the buffer has to be opened again, for others in the place of those that cannot be used.</param>
internal readonly record struct BufferResult(BufferOutcome? Outcome, bool GoesOn);
