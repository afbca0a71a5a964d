using System.Buffers;

namespace Federated.Client.Transfer;

/// <summary>Reads the length of a length-delimited protobuf field whose bytes are taken by hand.</summary>
internal static class LengthField
{
    /// <summary>False when there is no length of less than 256 MiB.</summary>
    public static bool TryRead(ref SequenceReader<byte> reader, out int length)
    {
        uint value = 0;
        for (int shift = 0; shift < 28 && reader.TryRead(out byte next); shift += 7)
        {
            value |= (uint)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                length = (int)value;
                return true;
            }
        }

        length = 0;
        return false;
    }
}
