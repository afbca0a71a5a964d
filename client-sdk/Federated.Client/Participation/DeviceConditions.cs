namespace Federated.Client.Participation;

/// <summary>What the application knows of the device at one moment. What it does not know is null, or <see cref="NetworkKind.Unknown"/>.</summary>
public sealed record DeviceConditions
{
    /// <summary>Nothing is known.</summary>
    public static DeviceConditions Unknown { get; } = new();

    /// <summary>Charge of the battery, 0 (empty) to 1 (full); 1 for a device without a battery.</summary>
    public double? BatteryLevel { get; init; }

    /// <summary>Whether the device has external power.</summary>
    public bool? IsCharging { get; init; }

    /// <summary>The network.</summary>
    public NetworkKind Network { get; init; }

    /// <summary>Whether nobody uses the device.</summary>
    public bool? IsIdle { get; init; }
}
