using System.Security.Cryptography;
using System.Text.Json;
using Federated.Client.Storage;

namespace Federated.Client.Identity;

/// <summary>
/// Keeps key and identity as two files, readable by their owner only and replaced as a whole: <c>device.key</c> (PKCS #8, DER) and
/// <c>device.json</c>. The key is not encrypted; where the platform has a key chain, supply a store that uses it.
/// </summary>
public sealed class FileDeviceIdentityStore : IDeviceIdentityStore
{
    private readonly string _keyPath;
    private readonly string _identityPath;

    /// <summary>A store in the given folder, which is created when something is first stored.</summary>
    /// <param name="folder">A folder that the application may write to.</param>
    public FileDeviceIdentityStore(string folder)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(folder);
        _keyPath = Path.Combine(folder, "device.key");
        _identityPath = Path.Combine(folder, "device.json");
    }

    /// <inheritdoc />
    public async ValueTask<IDeviceKey> OpenKeyAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_keyPath))
        {
            SoftwareDeviceKey created = SoftwareDeviceKey.Create();
            PrivateFile.Replace(_keyPath, created.PrivateKey);
            return created;
        }

        byte[] stored = await File.ReadAllBytesAsync(_keyPath, cancellationToken).ConfigureAwait(false);
        try
        {
            return SoftwareDeviceKey.Import(stored);
        }
        catch (CryptographicException e)
        {
            throw new FederatedClientException(
                FederatedClientReason.IdentityUnusable,
                $"The device key '{_keyPath}' ({stored.Length} bytes) is not a PKCS #8 key on P-256. Delete it to enrol as another device.",
                e);
        }
    }

    /// <inheritdoc />
    public async ValueTask<DeviceIdentity?> LoadAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(_identityPath))
        {
            return null;
        }

        byte[] stored = await File.ReadAllBytesAsync(_identityPath, cancellationToken).ConfigureAwait(false);
        try
        {
            DeviceIdentity? identity = JsonSerializer.Deserialize(stored, IdentityJson.Default.DeviceIdentity);
            return identity is { DeviceId.Length: > 0, TenantId.Length: > 0 }
                ? identity
                : throw new JsonException("deviceId or tenantId is missing");
        }
        catch (JsonException e)
        {
            throw new FederatedClientException(
                FederatedClientReason.IdentityUnusable,
                $"The device identity '{_identityPath}' cannot be read: {e.Message}. Delete it to enrol again with the same key.",
                e);
        }
    }

    /// <inheritdoc />
    public ValueTask SaveAsync(DeviceIdentity identity, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(identity);
        PrivateFile.Replace(_identityPath, JsonSerializer.SerializeToUtf8Bytes(identity, IdentityJson.Default.DeviceIdentity));
        return ValueTask.CompletedTask;
    }
}
