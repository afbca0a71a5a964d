using System.Buffers;
using Federated.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Federated.Client.Transfer;

/// <summary>
/// The call <c>federated.v1.Coordinator/CheckIn</c> bound by hand: generated code would allocate an array for the model that comes with the
/// task, this copies it into rented memory.
/// </summary>
internal static class CheckInMethod
{
    private static readonly uint ModelTag = WireFormat.MakeTag(CheckInReply.ModelFieldNumber, WireFormat.WireType.LengthDelimited);

    public static Method<CheckInRequest, CheckInAnswer> Client { get; } = new(
        MethodType.Unary,
        Coordinator.Descriptor.FullName,
        "CheckIn",
        Marshallers.Create<CheckInRequest>(
            static (request, context) =>
            {
                context.SetPayloadLength(request.CalculateSize());
                request.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            static _ => throw new NotSupportedException("The device reads no check-ins.")),
        Marshallers.Create<CheckInAnswer>(
            static (_, _) => throw new NotSupportedException("The device answers no check-ins."),
            static context => Read(context.PayloadAsReadOnlySequence())));

    /// <summary>Reads the model in the one place where a serialiser writes it, at the end; anything else goes the slow way.</summary>
    internal static CheckInAnswer Read(in ReadOnlySequence<byte> message)
    {
        var reader = new SequenceReader<byte>(message);
        while (!reader.End)
        {
            long start = reader.Consumed;
            if (!reader.TryRead(out byte tag) || tag >= 0x80 || (tag & 7) != (int)WireFormat.WireType.LengthDelimited
                || !LengthField.TryRead(ref reader, out int length) || reader.Remaining < length)
            {
                break;
            }

            if (tag == ModelTag && reader.Remaining == length)
            {
                return new CheckInAnswer(CheckInReply.Parser.ParseFrom(message.Slice(0, start)), Copy(reader.UnreadSequence));
            }

            reader.Advance(length);
        }

        CheckInReply reply = CheckInReply.Parser.ParseFrom(message);
        BlobLease? model = reply.Model.IsEmpty ? null : Copy(new ReadOnlySequence<byte>(reply.Model.Memory));
        reply.Model = ByteString.Empty;
        return new CheckInAnswer(reply, model);
    }

    private static BlobLease Copy(in ReadOnlySequence<byte> model)
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent((int)model.Length);
        model.CopyTo(rented);
        return new BlobLease(rented, (int)model.Length);
    }
}
