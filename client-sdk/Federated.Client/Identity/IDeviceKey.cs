namespace Federated.Client.Identity;

/// <summary>
/// The device's ECDSA P-256 private key, used through its operations only, so that a key that never leaves a secure element fits.
/// </summary>
public interface IDeviceKey
{
    /// <summary>The public half as SubjectPublicKeyInfo in DER.</summary>
    ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>Signs with ECDSA P-256 and SHA-256.</summary>
    /// <param name="data">The bytes to sign; they are hashed by the callee.</param>
    /// <param name="cancellationToken">Ends a signature that waits for a person or a device.</param>
    /// <returns>r || s as 64 bytes (IEEE P1363 format).</returns>
    ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken);
}
