using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Federated.Client.OneByte.Peers;

/// <summary>
/// How two members recognise each other before anything else is said: each signs, with the key of its device, a fresh key of the other one (a signed Diffie-Hellman exchange on P-256). What was
/// recorded of another link is of no use, and only the two can read or write the link afterwards.
/// </summary>
/// <remarks>
/// Three frames. Hello: "FPL1" (4), dialling member (4), called member (4), SHA-256 of the run's settings (32), its fresh key (64, x and y big-endian). Answer: fresh key (64), signature (64) over
/// "federated peer answer" and SHA-256(hello, fresh key). Proof: signature (64) over "federated peer proof" and SHA-256(hello, answer). The link's key is HKDF-SHA256 of the shared secret with
/// SHA-256(hello, answer) as salt and "federated peer link" as information.
/// </remarks>
internal static class PeerHandshake
{
    private const int PointBytes = 64;
    private const int SignatureBytes = 64;
    private const int HelloBytes = 44 + PointBytes;

    /// <summary>Proves this member to the one that was called, and has it prove itself.</summary>
    /// <returns>Seals the frames of this side, and the bytes that were sent.</returns>
    /// <exception cref="CryptographicException">The other side is not that member.</exception>
    /// <exception cref="InvalidDataException">It does not speak so.</exception>
    /// <exception cref="IOException">The link broke.</exception>
    public static async Task<(PeerSeal Seal, int BytesSent)> DialAsync(Stream stream, PeerCredentials own, uint to, CancellationToken stop)
    {
        using var fresh = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        byte[] hello = new byte[HelloBytes];
        "FPL1"u8.CopyTo(hello);
        BinaryPrimitives.WriteUInt32LittleEndian(hello.AsSpan(4), own.Number);
        BinaryPrimitives.WriteUInt32LittleEndian(hello.AsSpan(8), to);
        own.Run.Span.CopyTo(hello.AsSpan(12));
        PointOf(fresh).CopyTo(hello, 44);
        int sent = await PeerFrames.WriteAsync(stream, hello, stop).ConfigureAwait(false);

        byte[] answer = await ReadAsync(stream, PointBytes + SignatureBytes, stop).ConfigureAwait(false);
        own.Verify(to, AnswerToSign(hello, answer), answer.AsSpan(PointBytes));

        byte[] proof = await own.Key.SignAsync(ProofToSign(hello, answer), stop).ConfigureAwait(false);
        sent += await PeerFrames.WriteAsync(stream, proof, stop).ConfigureAwait(false);
        return (SealOf(fresh, answer.AsSpan(0, PointBytes), hello, answer), sent);
    }

    /// <summary>Has a caller prove who it is, and proves this member to it.</summary>
    /// <returns>The member, and what opens its frames.</returns>
    /// <exception cref="CryptographicException">It is no member.</exception>
    /// <exception cref="InvalidDataException">It does not speak so, or is of another run, or wants another member.</exception>
    /// <exception cref="IOException">The link broke.</exception>
    public static async Task<(uint From, PeerSeal Seal)> AcceptAsync(Stream stream, PeerCredentials own, CancellationToken stop)
    {
        byte[] hello = await ReadAsync(stream, HelloBytes, stop).ConfigureAwait(false);
        uint from = BinaryPrimitives.ReadUInt32LittleEndian(hello.AsSpan(4));
        if (!hello.AsSpan(0, 4).SequenceEqual("FPL1"u8)
            || BinaryPrimitives.ReadUInt32LittleEndian(hello.AsSpan(8)) != own.Number
            || from == own.Number
            || !own.PublicKeys.ContainsKey(from)
            || !hello.AsSpan(12, own.Run.Length).SequenceEqual(own.Run.Span))
        {
            throw new InvalidDataException("The greeting is not that of a member of this run.");
        }

        using var fresh = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);
        byte[] answer = new byte[PointBytes + SignatureBytes];
        PointOf(fresh).CopyTo(answer, 0);
        byte[] signature = await own.Key.SignAsync(AnswerToSign(hello, answer), stop).ConfigureAwait(false);
        signature.CopyTo(answer, PointBytes);
        await PeerFrames.WriteAsync(stream, answer, stop).ConfigureAwait(false);

        byte[] proof = await ReadAsync(stream, SignatureBytes, stop).ConfigureAwait(false);
        own.Verify(from, ProofToSign(hello, answer), proof);
        return (from, SealOf(fresh, hello.AsSpan(44), hello, answer));
    }

    private static byte[] AnswerToSign(byte[] hello, byte[] answer) => [.. "federated peer answer"u8, .. SHA256.HashData([.. hello, .. answer.AsSpan(0, PointBytes)])];

    private static byte[] ProofToSign(byte[] hello, byte[] answer) => [.. "federated peer proof"u8, .. SHA256.HashData([.. hello, .. answer])];

    private static PeerSeal SealOf(ECDiffieHellman fresh, ReadOnlySpan<byte> point, byte[] hello, byte[] answer)
    {
        using var other = ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = new ECPoint { X = point[..32].ToArray(), Y = point[32..].ToArray() },
        });
        byte[] secret = fresh.DeriveRawSecretAgreement(other.PublicKey);
        byte[] key = HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, 32, SHA256.HashData([.. hello, .. answer]), "federated peer link"u8.ToArray());
        CryptographicOperations.ZeroMemory(secret);
        var seal = new PeerSeal(key);
        CryptographicOperations.ZeroMemory(key);
        return seal;
    }

    private static byte[] PointOf(ECDiffieHellman key)
    {
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        return [.. point.X!, .. point.Y!];
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int bytes, CancellationToken stop)
    {
        byte[] frame = await PeerFrames.ReadAsync(stream, bytes, stop).ConfigureAwait(false);
        return frame.Length == bytes ? frame : throw new InvalidDataException($"A frame of {frame.Length} bytes in the place of {bytes}.");
    }
}
