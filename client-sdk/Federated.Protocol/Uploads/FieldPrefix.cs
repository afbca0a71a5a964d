namespace Federated.Protocol.Uploads;

/// <summary>Writes what stands before a length-delimited field of a protobuf message whose bytes are written by hand.</summary>
public static class FieldPrefix
{
    /// <summary>The most bytes of a prefix.</summary>
    public const int MaxBytes = 6;

    /// <summary>Writes tag and length.</summary>
    /// <param name="destination">At least <see cref="MaxBytes"/> bytes.</param>
    /// <param name="tag">Field number and wire type, in one byte.</param>
    /// <param name="length">Bytes of the field, at least 0.</param>
    /// <returns>Bytes written.</returns>
    public static int Write(Span<byte> destination, byte tag, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        destination[0] = tag;
        int count = 1;
        uint value = (uint)length;
        while (value >= 0x80)
        {
            destination[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        destination[count++] = (byte)value;
        return count;
    }
}
