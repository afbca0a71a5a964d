using Federated.Protocol.V1;

namespace Federated.Client.Transfer;

/// <summary>The answer to a check-in, and the model that came with it in memory of its own.</summary>
/// <param name="Reply">The answer; its model is empty.</param>
/// <param name="Model">The model's file, not verified yet; null when none was sent. The receiver's.</param>
internal sealed record CheckInAnswer(CheckInReply Reply, BlobLease? Model);
