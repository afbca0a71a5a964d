using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Federated.Storage.Blobs;

/// <summary>SHA-256 of a blob's bytes; its name in the store. Written as 64 lower-case hexadecimal digits.</summary>
public readonly record struct BlobId
{
    /// <summary>Length of the hash.</summary>
    public const int Bytes = 32;

    private readonly UInt128 _high;
    private readonly UInt128 _low;

    /// <exception cref="ArgumentException">Not 32 bytes.</exception>
    public BlobId(ReadOnlySpan<byte> sha256)
    {
        if (sha256.Length != Bytes)
        {
            throw new ArgumentException($"A blob id has {Bytes} bytes, not {sha256.Length}.", nameof(sha256));
        }

        _high = BinaryPrimitives.ReadUInt128BigEndian(sha256);
        _low = BinaryPrimitives.ReadUInt128BigEndian(sha256[16..]);
    }

    /// <summary>The id of these bytes.</summary>
    public static BlobId Of(ReadOnlySpan<byte> content) => new(SHA256.HashData(content));

    public static BlobId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a blob id (64 hexadecimal digits).");

    public static bool TryParse([NotNullWhen(true)] string? text, out BlobId id)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        var isId = text?.Length == 2 * Bytes
            && Convert.FromHexString(text, bytes, out _, out _) == System.Buffers.OperationStatus.Done;
        id = isId ? new BlobId(bytes) : default;
        return isId;
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Bytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _high);
        BinaryPrimitives.WriteUInt128BigEndian(bytes.AsSpan(16), _low);
        return bytes;
    }

    public override string ToString() => $"{_high:x32}{_low:x32}";
}
