using System.Security.Cryptography;
using Federated.Client.Identity;

namespace Federated.Client.OneByte.Peers;

/// <summary>What a member proves itself with, and recognises the others by.</summary>
/// <param name="Number">This member.</param>
/// <param name="Run">SHA-256 of the settings of the run; a link of another run is refused.</param>
/// <param name="Key">This member's key.</param>
/// <param name="PublicKeys">Every member's key, as SubjectPublicKeyInfo in DER.</param>
internal sealed record PeerCredentials(uint Number, ReadOnlyMemory<byte> Run, IDeviceKey Key, IReadOnlyDictionary<uint, ReadOnlyMemory<byte>> PublicKeys)
{
    /// <summary>Throws unless a member has signed the bytes.</summary>
    /// <exception cref="CryptographicException">It has not, or there is no such member.</exception>
    public void Verify(uint member, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        using var key = ECDsa.Create();
        if (PublicKeys.TryGetValue(member, out ReadOnlyMemory<byte> publicKey))
        {
            key.ImportSubjectPublicKeyInfo(publicKey.Span, out _);
            if (key.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
            {
                return;
            }
        }

        throw new CryptographicException($"The other side has not proved that it is member {member}.");
    }
}
