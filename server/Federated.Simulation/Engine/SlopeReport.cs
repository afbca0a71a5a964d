namespace Federated.Simulation.Engine;

/// <summary>The slopes of a round of one-byte exchange: one byte each.</summary>
/// <param name="Count">Slopes that were sent.</param>
/// <param name="Zero">Of these, too small for the code.</param>
/// <param name="Saturated">Of these, beyond the code's largest value; more than 1 % of all asks for another bias.</param>
/// <param name="Invalid">Of these, with a loss that was not finite; they count nowhere.</param>
/// <param name="LogBytes">Bytes of the round's record, which every machine gets.</param>
public sealed record SlopeReport(int Count, int Zero, int Saturated, int Invalid, int LogBytes);
