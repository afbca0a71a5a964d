namespace Federated.Storage.Slots;

/// <summary>What <see cref="SlotPool.ReclaimDeadOwners"/> found.</summary>
/// <param name="DeadOwners">Owners that held slots and live no more.</param>
/// <param name="FreedReservations">Unfinished payloads that were dropped.</param>
/// <param name="ReturnedToCommitted">Payloads whose reader died; they can be taken again.</param>
/// <param name="Torn">Slots with a damaged header, made free.</param>
public readonly record struct SlotReclaim(int DeadOwners, int FreedReservations, int ReturnedToCommitted, int Torn);
