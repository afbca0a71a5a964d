using System.Buffers;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.Client.Transfer;

/// <summary>
/// The call <c>federated.v1.ModelStore/DownloadModel</c> bound by hand: generated code would allocate an array for every message,
/// this copies the payload into rented memory.
/// </summary>
internal static class DownloadMethod
{
    private static readonly uint DataTag =
        WireFormat.MakeTag(DownloadChunk.DataFieldNumber, WireFormat.WireType.LengthDelimited);

    public static Method<DownloadRequest, DownloadPiece> Client { get; } = new(
        MethodType.ServerStreaming,
        ModelStore.Descriptor.FullName,
        "DownloadModel",
        Marshallers.Create<DownloadRequest>(
            static (request, context) =>
            {
                context.SetPayloadLength(request.CalculateSize());
                request.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            static _ => throw new NotSupportedException("The device reads no download requests.")),
        Marshallers.Create<DownloadPiece>(
            static (_, _) => throw new NotSupportedException("The device sends no downloads."),
            static context => Read(context.PayloadAsReadOnlySequence())));

    private static DownloadPiece Read(ReadOnlySequence<byte> message)
    {
        var reader = new SequenceReader<byte>(message);
        if (reader.End)
        {
            return new DownloadPiece([], 0);
        }

        // One field in the only form that a serialiser writes; anything else goes the slow way.
        if (reader.TryRead(out byte tag) && tag == DataTag && LengthField.TryRead(ref reader, out int length) && reader.Remaining == length)
        {
            byte[] rented = ArrayPool<byte>.Shared.Rent(length);
            reader.UnreadSequence.CopyTo(rented);
            return new DownloadPiece(rented, length);
        }

        ByteString data = DownloadChunk.Parser.ParseFrom(message).Data;
        byte[] copy = ArrayPool<byte>.Shared.Rent(data.Length);
        data.Span.CopyTo(copy);
        return new DownloadPiece(copy, data.Length);
    }
}
