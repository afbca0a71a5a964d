using System.Buffers;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.Protocol.Uploads;

/// <summary>
/// The call <c>federated.v1.UpdateGateway/UploadUpdate</c> bound by hand, so that payload bytes go from the caller's memory
/// to the transport without an intermediate array.
/// </summary>
public static class UploadMethod
{
    /// <summary>The most payload bytes in one message: 4 MiB.</summary>
    public const int MaxChunkBytes = 4 * 1024 * 1024;

    /// <summary>
    /// Payload bytes in one message that a sender should prefer: with its framing a message fills a pooled array of 256 KiB, and it
    /// stays in the second-level cache while the gateway copies and checks it.
    /// </summary>
    public const int PreferredChunkBytes = (256 * 1024) - 32;

    /// <summary>
    /// From this payload length on the gateway sends its response headers as soon as it has admitted the header message, and a sender
    /// waits for them (<c>ResponseHeadersAsync</c>) before it sends payload: an update that is refused costs no bytes. 1 MiB.
    /// </summary>
    public const int AdmissionBytes = 1024 * 1024;

    /// <summary>Field 1 (header) of <c>UploadChunk</c>, length-delimited.</summary>
    public const byte HeaderTag = 0x0A;

    /// <summary>Field 2 (data) of <c>UploadChunk</c>, length-delimited.</summary>
    public const byte DataTag = 0x12;

    /// <summary>Full name of the service.</summary>
    public const string ServiceName = "federated.v1.UpdateGateway";

    /// <summary>Name of the call.</summary>
    public const string MethodName = "UploadUpdate";

    /// <summary>Reads and writes the answer.</summary>
    public static Marshaller<UploadReceipt> ReceiptMarshaller { get; } = Marshallers.Create<UploadReceipt>(
        static (receipt, context) =>
        {
            context.SetPayloadLength(receipt.CalculateSize());
            receipt.WriteTo(context.GetBufferWriter());
            context.Complete();
        },
        static context => UploadReceipt.Parser.ParseFrom(context.PayloadAsReadOnlySequence()));

    /// <summary>The client's side of the call.</summary>
    public static Method<UploadFrame, UploadReceipt> Client { get; } = new(
        MethodType.ClientStreaming, ServiceName, MethodName,
        Marshallers.Create<UploadFrame>(Serialise, static _ => throw new NotSupportedException("The gateway reads frames with its own marshaller.")),
        ReceiptMarshaller);

    /// <summary>Writes a frame as an <c>UploadChunk</c>.</summary>
    private static void Serialise(UploadFrame frame, SerializationContext context)
    {
        Span<byte> prefix = stackalloc byte[FieldPrefix.MaxBytes];
        int length = frame.Header?.CalculateSize() ?? frame.Data.Length;
        int prefixLength = FieldPrefix.Write(prefix, frame.Header is null ? DataTag : HeaderTag, length);
        context.SetPayloadLength(prefixLength + length);
        IBufferWriter<byte> writer = context.GetBufferWriter();
        writer.Write(prefix[..prefixLength]);
        if (frame.Header is { } header)
        {
            header.WriteTo(writer);
        }
        else
        {
            writer.Write(frame.Data.Span);
        }

        context.Complete();
    }
}
