using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Federated.Client.OneByte.Peers;

/// <summary>Encrypts and authenticates the frames of one direction of one link, AES-256-GCM with a counter as nonce: a frame that is changed, repeated, left out or out of order does not open.</summary>
internal sealed class PeerSeal : IDisposable
{
    /// <summary>Bytes that a sealed frame is longer.</summary>
    public const int TagBytes = 16;

    private readonly AesGcm _cipher;
    private readonly byte[] _nonce = new byte[12];
    private ulong _frames;

    /// <param name="key">32 bytes, used by this link alone.</param>
    public PeerSeal(ReadOnlySpan<byte> key) => _cipher = new AesGcm(key, TagBytes);

    public byte[] Close(ReadOnlySpan<byte> frame)
    {
        byte[] closed = new byte[frame.Length + TagBytes];
        _cipher.Encrypt(NextNonce(), frame, closed.AsSpan(0, frame.Length), closed.AsSpan(frame.Length));
        return closed;
    }

    /// <exception cref="CryptographicException">It is not the next frame of the other side.</exception>
    public byte[] Open(ReadOnlySpan<byte> closed)
    {
        if (closed.Length < TagBytes)
        {
            throw new CryptographicException($"A sealed frame of {closed.Length} bytes; its tag alone takes {TagBytes}.");
        }

        byte[] frame = new byte[closed.Length - TagBytes];
        _cipher.Decrypt(NextNonce(), closed[..frame.Length], closed[frame.Length..], frame);
        return frame;
    }

    public void Dispose() => _cipher.Dispose();

    private byte[] NextNonce()
    {
        BinaryPrimitives.WriteUInt64LittleEndian(_nonce, _frames++);
        return _nonce;
    }
}
