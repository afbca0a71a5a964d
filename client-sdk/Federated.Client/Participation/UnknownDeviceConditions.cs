namespace Federated.Client.Participation;

/// <summary>
/// The conditions of a device whose application supplies none: nothing is known, nothing changes. Policies that need to know more say so in the reason for which the device
/// does not take part.
/// </summary>
public sealed class UnknownDeviceConditions : IDeviceConditions
{
    /// <summary>The one instance.</summary>
    public static UnknownDeviceConditions Instance { get; } = new();

    private UnknownDeviceConditions()
    {
    }

    /// <summary>Never raised.</summary>
    public event EventHandler? Changed
    {
        add { }
        remove { }
    }

    /// <inheritdoc />
    public DeviceConditions Current => DeviceConditions.Unknown;
}
