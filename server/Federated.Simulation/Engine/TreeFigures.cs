namespace Federated.Simulation.Engine;

/// <summary>What the functions of a simulated tree have done in all rounds.</summary>
/// <param name="Rounds">Rounds that were aggregated.</param>
/// <param name="LeafSeconds">Seconds in which leaves summed updates.</param>
/// <param name="MiddleSeconds">Seconds in which nodes measured and summed what they keep, under a rule other than the mean; leaves share the sums of their node, so nothing is merged there.</param>
/// <param name="TopSeconds">Seconds in which the top merged nodes and divided.</param>
/// <param name="BytesInside">Bytes of partials that were handed over by key inside nodes: that of the top's node, to the top.</param>
/// <param name="BytesBetween">Bytes that went from node to node.</param>
/// <param name="BytesOfFirstPass">Those of them that a rule other than the mean needs before it can sum: ranges or sketches of updates, statistics, decisions.</param>
public sealed record TreeFigures(int Rounds, double LeafSeconds, double MiddleSeconds, double TopSeconds, long BytesInside, long BytesBetween, long BytesOfFirstPass = 0);
