namespace Federated.Storage.Slots;

/// <summary>
/// The pool at one moment, over all its processes. The four states are counted slot by slot while others work, so
/// they may be off by the transitions of that instant; they add up to the slot count.
/// </summary>
/// <param name="Free">Slots that a reservation can have.</param>
/// <param name="Reserved">Slots being written.</param>
/// <param name="Committed">Slots waiting for a reader.</param>
/// <param name="Taken">Slots being read.</param>
/// <param name="Reclaimed">Slots taken back from dead owners since the file exists.</param>
/// <param name="Torn">Slots made free because of a damaged header since the file exists.</param>
/// <param name="Peak">Most slots ever in use at once (an upper bound when releases and reservations race).</param>
public readonly record struct SlotPoolStatistics(
    int Free, int Reserved, int Committed, int Taken, long Reclaimed, long Torn, int Peak)
{
    public int SlotCount => Free + Reserved + Committed + Taken;
}
