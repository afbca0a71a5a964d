namespace Federated.Client.Sessions;

/// <summary>Something that happened on the device, for the application's display. Members that do not apply have their default.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Text">The same in one English sentence.</param>
public sealed record DeviceEvent(DeviceEventKind Kind, string Text)
{
    /// <summary>The job; empty when the event belongs to none.</summary>
    public string JobId { get; init; } = "";

    /// <summary>The training round, or the examined model version for evaluations; 0 when the event belongs to none.</summary>
    public int Round { get; init; }

    /// <summary>The model version that contains the update; for <see cref="DeviceEventKind.Counted"/>.</summary>
    public int ModelVersion { get; init; }

    /// <summary>Bytes moved so far; for <see cref="DeviceEventKind.Downloading"/> and <see cref="DeviceEventKind.Uploading"/>.</summary>
    public long BytesDone { get; init; }

    /// <summary>Bytes to move in all.</summary>
    public long BytesTotal { get; init; }

    /// <summary>Mean loss over the local work in nats; NaN when unknown.</summary>
    public double Loss { get; init; } = double.NaN;

    /// <summary>Share of right predictions of an evaluation, 0 to 1; NaN when unknown.</summary>
    public double Accuracy { get; init; } = double.NaN;

    /// <summary>What the compressor kept, 1 − ‖C(v) − v‖² / ‖v‖², at most 1; NaN when nothing was compressed.</summary>
    public double Contraction { get; init; } = double.NaN;

    /// <summary>L2 norm of what the device still owes the server, at least 0; NaN when nothing was compressed.</summary>
    public double ErrorNorm { get; init; } = double.NaN;

    /// <summary>Elements of the update beyond the range of the 16-bit floats.</summary>
    public long Saturated { get; init; }

    /// <summary>SHA-256 of the state of an exchange, lower-case hexadecimal; empty when the event has none.</summary>
    public string StateHash { get; init; } = "";

    /// <summary>Time until the next try; for <see cref="DeviceEventKind.Waiting"/> and <see cref="DeviceEventKind.Retrying"/>.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>The sentence.</summary>
    public override string ToString() => Text;
}
