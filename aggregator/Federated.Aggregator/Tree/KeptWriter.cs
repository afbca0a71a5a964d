using Federated.Aggregation.Accumulators;

namespace Federated.Aggregator.Tree;

/// <summary>Hands out payloads one after another. Each has its length and its checksum in its claim, so nothing stands between them. Used by one caller at a time.</summary>
internal sealed class KeptWriter(IReadOnlyList<ReadOnlyMemory<byte>> payloads) : ITransferWriter
{
    private int _payload;
    private int _offset;

    public long Length { get; } = payloads.Sum(payload => (long)payload.Length);

    public long Position { get; private set; }

    public int Write(Span<byte> destination)
    {
        int written = 0;
        while (written < destination.Length && _payload < payloads.Count)
        {
            ReadOnlySpan<byte> piece = payloads[_payload].Span[_offset..];
            piece = piece[..Math.Min(piece.Length, destination.Length - written)];
            piece.CopyTo(destination[written..]);
            written += piece.Length;
            _offset += piece.Length;
            if (_offset == payloads[_payload].Length)
            {
                _payload++;
                _offset = 0;
            }
        }

        Position += written;
        return written;
    }
}
