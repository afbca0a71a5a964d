using System.Buffers;
using Federated.Aggregator.Ingest;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.Aggregator.Hosting.Gateway;

/// <summary>
/// Reads the protobuf framing of <c>UploadChunk</c> by hand. The bytes of a message are only valid while it is deserialised, so this is
/// where they are copied, once, out of Kestrel's buffers into the slot of the call's session, which travels with the
/// asynchronous flow of the call.
/// </summary>
internal static class IncomingFrames
{
    /// <summary>The session that takes the payload of the call that runs; null before its header was admitted.</summary>
    public static readonly AsyncLocal<UploadSession?> Session = new();

    public static Method<IncomingFrame, UploadReceipt> Method { get; } = new(
        MethodType.ClientStreaming, UploadMethod.ServiceName, UploadMethod.MethodName,
        Marshallers.Create<IncomingFrame>(
            static (_, _) => throw new NotSupportedException("Frames are sent by devices, with their own marshaller."),
            static context => Read(context.PayloadAsReadOnlySequence())),
        UploadMethod.ReceiptMarshaller);

    /// <summary>A chunk has exactly one of its two fields, written once.</summary>
    internal static IncomingFrame Read(in ReadOnlySequence<byte> message)
    {
        if (!FieldReader.TryReadOnly(message, out byte tag, out ReadOnlySequence<byte> content))
        {
            return IncomingFrame.Malformed;
        }

        return tag switch
        {
            UploadMethod.DataTag => Take(content),
            UploadMethod.HeaderTag => ReadHeader(content),
            _ => IncomingFrame.Malformed,
        };
    }

    private static IncomingFrame Take(in ReadOnlySequence<byte> data)
    {
        if (Session.Value is not { } session)
        {
            return IncomingFrame.Malformed;
        }

        session.Append(data);
        return IncomingFrame.Data;
    }

    private static IncomingFrame ReadHeader(in ReadOnlySequence<byte> header)
    {
        try
        {
            return IncomingFrame.Of(UpdateHeader.Parser.ParseFrom(header));
        }
        catch (InvalidProtocolBufferException)
        {
            return IncomingFrame.Malformed;
        }
    }
}
