using System.Security.Cryptography;

namespace Federated.Client.Identity;

/// <summary>A key in the memory of the process.</summary>
internal sealed class SoftwareDeviceKey : IDeviceKey
{
    private const string P256 = "1.2.840.10045.3.1.7";

    private readonly byte[] _privateKey;

    private SoftwareDeviceKey(byte[] privateKey, byte[] publicKey)
    {
        _privateKey = privateKey;
        PublicKey = publicKey;
    }

    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>PKCS #8, for the store.</summary>
    public ReadOnlySpan<byte> PrivateKey => _privateKey;

    public static SoftwareDeviceKey Create()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new SoftwareDeviceKey(key.ExportPkcs8PrivateKey(), key.ExportSubjectPublicKeyInfo());
    }

    /// <exception cref="CryptographicException">The bytes are not a PKCS #8 private key on the curve P-256.</exception>
    public static SoftwareDeviceKey Import(byte[] privateKey)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(privateKey, out _);
        if (key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value != P256)
        {
            throw new CryptographicException("the key does not lie on the curve P-256");
        }

        return new SoftwareDeviceKey(privateKey, key.ExportSubjectPublicKeyInfo());
    }

    public ValueTask<byte[]> SignAsync(ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(_privateKey, out _);
        byte[] signature = key.SignData(data.Span, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return ValueTask.FromResult(signature);
    }
}
