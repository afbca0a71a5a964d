namespace Federated.Simulation.Engine;

/// <summary>What the functions of a simulated tree have done in all rounds.</summary>
/// <param name="Rounds">Rounds that were aggregated.</param>
/// <param name="LeafSeconds">Seconds in which leaves summed updates.</param>
/// <param name="MiddleSeconds">Seconds in which middles merged the leaves of their nodes.</param>
/// <param name="TopSeconds">Seconds in which the top merged nodes and divided.</param>
/// <param name="BytesInside">Bytes of partials that were handed over by key inside nodes.</param>
/// <param name="BytesBetween">Bytes of partials that went from node to node.</param>
public sealed record TreeFigures(int Rounds, double LeafSeconds, double MiddleSeconds, double TopSeconds, long BytesInside, long BytesBetween);
