namespace Federated.Coordination.Anarchic;

/// <summary>A buffered update. The vectors belong to the buffer.</summary>
internal sealed class Arrival
{
    public required string Id { get; init; }

    public required uint ClientIndex { get; init; }

    public required long PulledVersion { get; init; }

    public required long Staleness { get; init; }

    public required int Steps { get; init; }

    public required double Examples { get; init; }

    /// <summary>Factor by which staleness reduces the update, in [0, 1].</summary>
    public required double Weight { get; init; }

    /// <summary>Normalised and clipped.</summary>
    public required float[] Vector { get; set; }

    public required float[] Statistics { get; init; }

    public CountedArrival ToCounted() => new(Id, ClientIndex, Staleness, Steps, Examples, Weight);
}
