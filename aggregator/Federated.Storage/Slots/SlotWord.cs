namespace Federated.Storage.Slots;

/// <summary>
/// The one word of a slot header that decides everything: state, owner number and generation change together, by
/// compare-and-swap, so that a process which dies between two instructions leaves a slot whose owner is known.
/// </summary>
internal readonly record struct SlotWord(long Raw)
{
    private const int OwnerShift = 16;
    private const int GenerationShift = 32;

    public SlotState State => (SlotState)(byte)Raw;

    /// <summary>Number of the owner's lock file; 0 when the slot belongs to nobody (Free) or to the pool (Committed).</summary>
    public ushort Owner => (ushort)(Raw >> OwnerShift);

    /// <summary>Rises at every reservation; 0 in a slot that was never used.</summary>
    public uint Generation => (uint)(Raw >> GenerationShift);

    /// <summary>Whether this is a word that the state machine can write; anything else is damage.</summary>
    public bool IsLawful => (byte)(Raw >> 8) == 0 && State switch
    {
        SlotState.Free => Owner == 0,
        SlotState.Committed => Owner == 0 && Generation != 0,
        SlotState.Reserved or SlotState.Taken => Owner is > 0 and <= SlotOwner.Most && Generation != 0,
        _ => false,
    };

    public SlotWord With(SlotState state, ushort owner = 0) => Create(state, owner, Generation);

    /// <summary>The next generation, which is never 0, so that <c>default(SlotKey)</c> names no slot.</summary>
    public SlotWord NextGeneration(SlotState state, ushort owner) =>
        Create(state, owner, Generation == uint.MaxValue ? 1 : Generation + 1);

    public static SlotWord Create(SlotState state, ushort owner, uint generation) =>
        new((long)(((ulong)generation << GenerationShift) | ((ulong)owner << OwnerShift) | (byte)state));
}
