namespace Federated.Client.Sessions;

/// <summary>What a <see cref="DeviceEvent"/> tells.</summary>
public enum DeviceEventKind
{
    /// <summary>The device is known to the server; sent once a run.</summary>
    Ready = 1,

    /// <summary>The server has no work now; <see cref="DeviceEvent.Delay"/> is the time until the next check-in.</summary>
    Waiting = 2,

    /// <summary>A task was assigned.</summary>
    Assigned = 3,

    /// <summary>Bytes of a model arrived; see <see cref="DeviceEvent.BytesDone"/>.</summary>
    Downloading = 4,

    /// <summary>The local work begins.</summary>
    Working = 5,

    /// <summary>The local work is done; <see cref="DeviceEvent.Loss"/> and <see cref="DeviceEvent.Accuracy"/> where known.</summary>
    Worked = 6,

    /// <summary>Bytes of an update were sent; see <see cref="DeviceEvent.BytesDone"/>.</summary>
    Uploading = 7,

    /// <summary>The server holds the update; whether it counts is not known yet.</summary>
    Stored = 8,

    /// <summary>The update is part of the model version <see cref="DeviceEvent.ModelVersion"/>.</summary>
    Counted = 9,

    /// <summary>The update will never count.</summary>
    Discarded = 10,

    /// <summary>The server lost the update while the round is open; the same bytes are sent again.</summary>
    Resending = 11,

    /// <summary>A task was given up; the server was told why. The device goes on.</summary>
    TaskFailed = 12,

    /// <summary>A call failed and is tried again after <see cref="DeviceEvent.Delay"/>.</summary>
    Retrying = 13,

    /// <summary>Every job that the device works for has ended.</summary>
    JobEnded = 14,

    /// <summary>
    /// The participation policy does not want the device to take part now; <see cref="DeviceEvent.Delay"/> is the time until it is asked again, zero when that depends on the
    /// conditions alone.
    /// </summary>
    Resting = 15,

    /// <summary>The device takes part in an exchange of scalars, or has come to a checkpoint of one; then <see cref="DeviceEvent.StateHash"/> is that of its state.</summary>
    Exchanging = 16,

    /// <summary>
    /// The update was compressed to <see cref="DeviceEvent.BytesDone"/> of <see cref="DeviceEvent.BytesTotal"/> bytes; see <see cref="DeviceEvent.Contraction"/>,
    /// <see cref="DeviceEvent.ErrorNorm"/> and <see cref="DeviceEvent.Saturated"/>.
    /// </summary>
    Compressed = 17,
}
