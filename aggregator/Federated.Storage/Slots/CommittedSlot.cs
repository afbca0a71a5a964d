namespace Federated.Storage.Slots;

/// <summary>What the pool knows about a committed payload.</summary>
/// <param name="Key">Opens it, once, with <see cref="SlotPool.TryTake"/>.</param>
/// <param name="Length">Payload bytes.</param>
/// <param name="Checksum">XxHash3 (64 bits, seed 0) over the payload.</param>
public readonly record struct CommittedSlot(SlotKey Key, int Length, ulong Checksum);
