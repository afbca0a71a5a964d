namespace Federated.Coordination.Anarchic;

/// <summary>An update that is in a model version.</summary>
/// <param name="Id">The update.</param>
/// <param name="ClientIndex">Its worker.</param>
/// <param name="Staleness">Versions that were made between its pull and its arrival.</param>
/// <param name="Steps">Local steps that it claims.</param>
/// <param name="Examples">Examples that it claims.</param>
/// <param name="Weight">Factor by which staleness reduced it, in [0, 1].</param>
public sealed record CountedArrival(string Id, uint ClientIndex, long Staleness, int Steps, double Examples, double Weight);
