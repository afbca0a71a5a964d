namespace Federated.Storage.Slots;

/// <summary>How <see cref="SlotPool.TryReserve"/> ended.</summary>
public enum SlotReserveOutcome
{
    /// <summary>The caller holds a write lease.</summary>
    Reserved,

    /// <summary>Every slot is in use; the sender may come back later.</summary>
    Full,

    /// <summary>No slot of this pool can ever hold the payload.</summary>
    TooLarge,
}
