using System.Buffers;
using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Hosting.Gateway;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.Aggregator.Hosting.Tier;

/// <summary>
/// One message of a transfer without the copies of a protobuf <c>bytes</c> field: going out, data is written straight from the sums into the transport's
/// buffer; coming in, it has gone to its sink before the message exists. On the wire it is a <c>TransferChunk</c>.
/// </summary>
internal sealed class TransferFrame
{
    private const byte HeaderTag = 0x0A;
    private const byte DataTag = 0x12;
    private const byte ClaimsTag = 0x1A;

    private readonly ITransferWriter? _writer;
    private readonly int _length;

    public TransferFrame(PartialHeader header) => Header = header;

    public TransferFrame(UpdateClaims claims) => Claims = claims;

    /// <summary>The next bytes of a partial.</summary>
    public TransferFrame(ITransferWriter writer)
    {
        _writer = writer;
        _length = (int)Math.Min(UploadMethod.PreferredChunkBytes, writer.Length - writer.Position);
    }

    private TransferFrame()
    {
    }

    public static TransferFrame Data { get; } = new();

    public static TransferFrame Malformed { get; } = new();

    public PartialHeader? Header { get; }

    public UpdateClaims? Claims { get; }

    public void Write(SerializationContext context)
    {
        IMessage? message = Header is null ? Claims : Header;
        int length = message?.CalculateSize() ?? _length;
        Span<byte> prefix = stackalloc byte[FieldPrefix.MaxBytes];
        int prefixLength = FieldPrefix.Write(prefix, Header is not null ? HeaderTag : Claims is not null ? ClaimsTag : DataTag, length);
        context.SetPayloadLength(prefixLength + length);
        IBufferWriter<byte> writer = context.GetBufferWriter();
        writer.Write(prefix[..prefixLength]);
        if (message is not null)
        {
            message.WriteTo(writer);
        }
        else
        {
            for (int left = length; left > 0;)
            {
                Span<byte> room = writer.GetSpan(left);
                int written = _writer!.Write(room[..Math.Min(left, room.Length)]);
                writer.Advance(written);
                left -= written;
            }
        }

        context.Complete();
    }

    /// <summary>Reads a message; its data goes to <paramref name="sink"/>, which must not be missing then.</summary>
    public static TransferFrame Read(in ReadOnlySequence<byte> message, TransferSink? sink)
    {
        if (!FieldReader.TryReadOnly(message, out byte tag, out ReadOnlySequence<byte> content))
        {
            return Malformed;
        }

        try
        {
            switch (tag)
            {
                case HeaderTag:
                    return new TransferFrame(PartialHeader.Parser.ParseFrom(content));
                case ClaimsTag:
                    return new TransferFrame(UpdateClaims.Parser.ParseFrom(content));
                case DataTag when sink is not null:
                    sink(content);
                    return Data;
                default:
                    return Malformed;
            }
        }
        catch (InvalidProtocolBufferException)
        {
            return Malformed;
        }
    }
}
