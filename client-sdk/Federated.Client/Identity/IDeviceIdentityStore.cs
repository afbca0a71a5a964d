namespace Federated.Client.Identity;

/// <summary>
/// Keeps a device's key and identity between runs. <see cref="FileDeviceIdentityStore"/> is the default; an application may supply
/// its own, for example over the platform's key chain. Used by one device at a time.
/// </summary>
public interface IDeviceIdentityStore
{
    /// <summary>Opens the device's key, creating it at the first call.</summary>
    /// <param name="cancellationToken">Ends the operation.</param>
    /// <returns>The same key at every call, until the store is cleared by its owner.</returns>
    /// <exception cref="FederatedClientException">
    /// With <see cref="FederatedClientReason.IdentityUnusable"/>, when there is a key that cannot be used.
    /// </exception>
    ValueTask<IDeviceKey> OpenKeyAsync(CancellationToken cancellationToken);

    /// <summary>Reads the identity that the last enrolment gave.</summary>
    /// <param name="cancellationToken">Ends the operation.</param>
    /// <returns>The identity, or null when the device has never enrolled.</returns>
    /// <exception cref="FederatedClientException">
    /// With <see cref="FederatedClientReason.IdentityUnusable"/>, when there is an identity that cannot be read.
    /// </exception>
    ValueTask<DeviceIdentity?> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Stores the identity that an enrolment gave, in the place of an earlier one, durably.</summary>
    /// <param name="identity">What to store.</param>
    /// <param name="cancellationToken">Ends the operation.</param>
    /// <returns>A task that ends when the identity is stored.</returns>
    ValueTask SaveAsync(DeviceIdentity identity, CancellationToken cancellationToken);
}
