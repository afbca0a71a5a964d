namespace Federated.Aggregation.Accumulators;

/// <summary>Hands out the bytes of something that travels between nodes, one after another.</summary>
public interface ITransferWriter
{
    /// <summary>Bytes of the whole.</summary>
    long Length { get; }

    /// <summary>Bytes handed out so far.</summary>
    long Position { get; }

    /// <summary>Writes what comes next; fewer bytes than there is room for only at the end.</summary>
    /// <param name="destination">Room for any number of bytes.</param>
    /// <returns>Bytes written; 0 when nothing is left.</returns>
    int Write(Span<byte> destination);
}
