using System.Buffers;
using Federated.Client.Transfer;
using Federated.Protocol.V1;
using Google.Protobuf;

namespace Federated.UnitTests.Client;

public sealed class CheckInMethodTests
{
    private static readonly byte[] Model = [.. Enumerable.Range(0, 1000).Select(i => (byte)i)];

    [Fact]
    public void Read_ModelAtTheEnd_IsTakenOutOfTheMessage()
    {
        CheckInReply reply = Reply();
        reply.Model = ByteString.CopyFrom(Model);

        CheckInAnswer answer = CheckInMethod.Read(new ReadOnlySequence<byte>(reply.ToByteArray()));

        Assert.Equal(Model, answer.Model!.Bytes.ToArray());
        Assert.Equal(Reply(), answer.Reply);
    }

    [Fact]
    public void Read_ModelBeforeOtherFields_IsTheSame()
    {
        byte[] model = new CheckInReply { Model = ByteString.CopyFrom(Model) }.ToByteArray();

        CheckInAnswer answer = CheckInMethod.Read(new ReadOnlySequence<byte>([.. model, .. Reply().ToByteArray()]));

        Assert.Equal(Model, answer.Model!.Bytes.ToArray());
        Assert.Equal(Reply(), answer.Reply);
    }

    [Fact]
    public void Read_NoModel_HasNone()
    {
        CheckInAnswer answer = CheckInMethod.Read(new ReadOnlySequence<byte>(Reply().ToByteArray()));

        Assert.Null(answer.Model);
        Assert.Equal(Reply(), answer.Reply);
    }

    [Fact]
    public void Read_CutMessage_IsNotRead()
    {
        CheckInReply reply = Reply();
        reply.Model = ByteString.CopyFrom(Model);
        byte[] cut = reply.ToByteArray()[..^1];

        Assert.Throws<InvalidProtocolBufferException>(() => CheckInMethod.Read(new ReadOnlySequence<byte>(cut)));
    }

    private static CheckInReply Reply() => new()
    {
        Assignment = new TaskAssignment { AssignmentId = "a-1", Round = 3 },
        Dispositions = { new UpdateDisposition { AssignmentId = "a-0", Kind = DispositionKind.Counted, ModelVersion = 2 } },
    };
}
