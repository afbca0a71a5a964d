namespace Federated.Storage.Slots;

/// <summary>How <see cref="SlotPool.TryTake"/> ended.</summary>
public enum SlotTakeOutcome
{
    /// <summary>The caller holds the read lease.</summary>
    Taken,

    /// <summary>The payload was released, aborted or reclaimed, or the key is of another pool.</summary>
    Stale,

    /// <summary>Its writer has not committed yet.</summary>
    NotCommitted,

    /// <summary>Another reader holds it.</summary>
    InUse,

    /// <summary>The header was damaged; the slot has been made free and the payload is lost.</summary>
    Torn,
}
