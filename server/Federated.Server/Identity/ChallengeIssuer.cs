using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Federated.Server.Identity;

/// <summary>
/// Makes and checks challenges without remembering them. Layout: nonce (16 bytes), expiry (Unix milliseconds, int64
/// little-endian), HMAC-SHA256 over both and the device id (32 bytes).
/// </summary>
internal sealed class ChallengeIssuer(ServerKeys keys, TimeProvider time)
{
    public const int NonceLength = 16;

    private const int SignedLength = NonceLength + sizeof(long);
    private const int Length = SignedLength + HMACSHA256.HashSizeInBytes;

    public byte[] Create(string deviceId, DateTimeOffset expiresAt)
    {
        var challenge = new byte[Length];
        RandomNumberGenerator.Fill(challenge.AsSpan(0, NonceLength));
        BinaryPrimitives.WriteInt64LittleEndian(challenge.AsSpan(NonceLength), expiresAt.ToUnixTimeMilliseconds());
        Authenticate(deviceId, challenge.AsSpan(0, SignedLength), challenge.AsSpan(SignedLength));
        return challenge;
    }

    public ChallengeOutcome Check(string deviceId, ReadOnlySpan<byte> challenge)
    {
        if (challenge.Length != Length)
        {
            return ChallengeOutcome.Forged;
        }

        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Authenticate(deviceId, challenge[..SignedLength], expected);
        if (!CryptographicOperations.FixedTimeEquals(expected, challenge[SignedLength..]))
        {
            return ChallengeOutcome.Forged;
        }

        return time.GetUtcNow() <= ExpiryOf(challenge) ? ChallengeOutcome.Valid : ChallengeOutcome.Expired;
    }

    public static DateTimeOffset ExpiryOf(ReadOnlySpan<byte> challenge)
    {
        return DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64LittleEndian(challenge[NonceLength..]));
    }

    private void Authenticate(string deviceId, ReadOnlySpan<byte> signed, Span<byte> destination)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, keys.ChallengeKey);
        hmac.AppendData(signed);
        hmac.AppendData(Encoding.UTF8.GetBytes(deviceId));
        hmac.GetHashAndReset(destination);
    }
}
