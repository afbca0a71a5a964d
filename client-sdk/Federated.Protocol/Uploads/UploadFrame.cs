using Federated.Protocol.V1;

namespace Federated.Protocol.Uploads;

/// <summary>
/// One message of an upload, without the copies that a protobuf <c>bytes</c> field costs: the header, or a slice of the
/// caller's payload that is written as it is. On the wire it is an <c>UploadChunk</c>.
/// </summary>
/// <remarks>A class, because the client of gRPC takes no structs for messages.</remarks>
public sealed class UploadFrame
{
    /// <summary>The first message of an upload.</summary>
    /// <param name="header">The header.</param>
    public UploadFrame(UpdateHeader header)
    {
        ArgumentNullException.ThrowIfNull(header);
        Header = header;
    }

    /// <summary>A slice of the payload; the memory must stay unchanged until the write has completed.</summary>
    /// <param name="data">At most <see cref="UploadMethod.MaxChunkBytes"/> bytes.</param>
    public UploadFrame(ReadOnlyMemory<byte> data) => Data = data;

    /// <summary>The header; null in a message that carries data.</summary>
    public UpdateHeader? Header { get; }

    /// <summary>The payload slice; empty in the first message.</summary>
    public ReadOnlyMemory<byte> Data { get; }
}
