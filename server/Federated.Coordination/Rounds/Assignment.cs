namespace Federated.Coordination.Rounds;

/// <summary>One task of the open round. Written by the state machine; <see cref="Role"/> by whoever configures the round.</summary>
public sealed class Assignment
{
    /// <summary>Creates an assignment that is outstanding.</summary>
    /// <param name="id">Unique for ever.</param>
    /// <param name="number">Position in the cohort, from 0.</param>
    /// <param name="deviceId">Who gets it.</param>
    /// <param name="clientIndex">Stands for the device in the addressing of random draws.</param>
    public Assignment(string id, int number, string deviceId, uint clientIndex)
    {
        Id = id;
        Number = number;
        DeviceId = deviceId;
        ClientIndex = clientIndex;
    }

    /// <summary>Unique for ever.</summary>
    public string Id { get; }

    /// <summary>Position in the cohort, from 0.</summary>
    public int Number { get; }

    /// <summary>Who holds it.</summary>
    public string DeviceId { get; }

    /// <summary>Stands for the device in the addressing of random draws.</summary>
    public uint ClientIndex { get; }

    /// <summary>The round in which it was made. In an asynchronous job its update may become part of a later one.</summary>
    public int Round { get; init; }

    /// <summary>When the device is taken to be silent, in an asynchronous job; in others the deadline of the round says so.</summary>
    public DateTimeOffset ReportBy { get; set; }

    /// <summary>When the tier told of its update; meaningful while that is stored.</summary>
    public DateTimeOffset StoredAt { get; internal set; }

    /// <summary>What the algorithm wants of the device.</summary>
    public string Role { get; set; } = "";

    /// <summary>Where it stands.</summary>
    public AssignmentState State { get; internal set; }

    /// <summary>Why it failed or was discarded.</summary>
    public string? Reason { get; internal set; }

    /// <summary>The kind of its failure; null when it has not failed.</summary>
    public string? FailureKind { get; internal set; }

    /// <summary>Base address of the gateway that takes the update; empty for the one of the settings.</summary>
    public string Gateway { get; set; } = "";

    /// <summary>Bytes that the device downloads for it; null until the round in which it was made closes.</summary>
    public long? BytesDown { get; set; }

    /// <summary>
    /// Whether the device, when it asks, is told to send the update again: the coordinator or the node has restarted, or the node was lost,
    /// since the assignment was made, and the tier does not hold the update.
    /// </summary>
    public bool MayBeLost { get; internal set; }
}
