namespace Federated.Storage.Slots;

/// <summary>Life of a slot. The numbers are in the shared file; docs/shared-memory-layout.md draws the transitions.</summary>
internal enum SlotState : byte
{
    /// <summary>Nobody's; the next reservation may take it.</summary>
    Free = 0,

    /// <summary>One writer fills it.</summary>
    Reserved = 1,

    /// <summary>Holds a whole payload and belongs to the pool, not to a process.</summary>
    Committed = 2,

    /// <summary>One reader holds it.</summary>
    Taken = 3,
}
