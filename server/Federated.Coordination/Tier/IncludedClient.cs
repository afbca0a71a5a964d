using Federated.Protocol.Rounds;

namespace Federated.Coordination.Tier;

/// <summary>A client whose update is in an aggregate.</summary>
/// <param name="ClientIndex">Stands for the device.</param>
/// <param name="Role">What was wanted of it.</param>
/// <param name="Update">Its claim check, with weight and steps.</param>
public sealed record IncludedClient(uint ClientIndex, string Role, UpdateCommitted Update);
