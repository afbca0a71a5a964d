using System.Buffers;

namespace Federated.Aggregator.Hosting.Gateway;

/// <summary>Reads the protobuf framing of messages whose bytes are taken by hand.</summary>
internal static class FieldReader
{
    /// <summary>The one length-delimited field of a message; false when there is another number of fields.</summary>
    public static bool TryReadOnly(in ReadOnlySequence<byte> message, out byte tag, out ReadOnlySequence<byte> content)
    {
        var reader = new SequenceReader<byte>(message);
        content = default;
        if (!reader.TryRead(out tag) || !TryReadLength(ref reader, out long length) || reader.Remaining != length)
        {
            return false;
        }

        content = reader.UnreadSequence;
        return true;
    }

    private static bool TryReadLength(ref SequenceReader<byte> reader, out long length)
    {
        length = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            if (!reader.TryRead(out byte next))
            {
                return false;
            }

            length |= (long)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return true;
            }
        }

        return false;
    }
}
