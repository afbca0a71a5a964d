namespace Federated.Client.Participation;

/// <summary>What the device has just spent.</summary>
/// <param name="BytesDown">Bytes of models and of what comes with them.</param>
/// <param name="BytesUp">Bytes of updates, those sent again included.</param>
/// <param name="Work">Time of local work.</param>
public readonly record struct ParticipationCost(long BytesDown, long BytesUp, TimeSpan Work);
