namespace Federated.Client.Participation;

/// <summary>
/// The state of the device, which only the application can know: the SDK has no access to the platform's battery or network. Used by several threads.
/// </summary>
public interface IDeviceConditions
{
    /// <summary>Raised after <see cref="Current"/> has changed, on any thread; the policy is asked again at once.</summary>
    event EventHandler? Changed;

    /// <summary>The state now. Returns at once.</summary>
    DeviceConditions Current { get; }
}
