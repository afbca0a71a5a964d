namespace Federated.Protocol.Pruning;

/// <summary>Coordinates of a packed vector as bytes: a set of indices below its length (docs/wire-protocol.md). No bytes for none.</summary>
public static class PackedIndices
{
    /// <summary>Writes coordinates.</summary>
    /// <param name="indices">Ascending.</param>
    /// <param name="length">Elements of the packed vector.</param>
    public static byte[] Write(ReadOnlySpan<int> indices, int length)
    {
        if (indices.IsEmpty)
        {
            return [];
        }

        byte[] bytes = new byte[IndexSet.BytesFor(indices, length)];
        IndexSet.Write(indices, length, bytes);
        return bytes;
    }

    /// <summary>Reads coordinates, ascending.</summary>
    /// <param name="bytes">What <see cref="Write"/> made.</param>
    /// <param name="length">Elements of the packed vector.</param>
    /// <exception cref="InvalidDataException">The bytes are no such set; the message says what is wrong.</exception>
    public static int[] Read(ReadOnlySpan<byte> bytes, int length)
    {
        if (bytes.IsEmpty)
        {
            return [];
        }

        int[] indices = IndexSet.Read(ref bytes, length, "the packed vector");
        return bytes.IsEmpty ? indices : throw new InvalidDataException($"{bytes.Length} bytes follow the coordinates of the packed vector.");
    }
}
