namespace Federated.Client.OneByte.Peers;

/// <summary>How long peers wait for each other.</summary>
/// <param name="Gather">A sequencer's longest wait for the machines of the last record.</param>
/// <param name="View">Time without the end of a round after which the next sequencer is asked; more than <paramref name="Gather"/>.</param>
internal readonly record struct PeerTimes(TimeSpan Gather, TimeSpan View);
