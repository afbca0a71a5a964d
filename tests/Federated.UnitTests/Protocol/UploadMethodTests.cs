using System.Buffers;
using Federated.Protocol.Uploads;
using Federated.Protocol.V1;
using Grpc.Core;

namespace Federated.UnitTests.Protocol;

public sealed class UploadMethodTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(127)]
    [InlineData(128)]
    [InlineData(70_000)]
    public void Serialise_Data_IsAnUploadChunkOfThatLength(int length)
    {
        byte[] data = [.. Enumerable.Range(0, length).Select(i => (byte)i)];

        UploadChunk chunk = UploadChunk.Parser.ParseFrom(Serialise(new UploadFrame(data)));

        Assert.Equal(UploadChunk.ContentOneofCase.Data, chunk.ContentCase);
        Assert.Equal(data, chunk.Data.ToByteArray());
    }

    [Fact]
    public void Serialise_Header_IsAnUploadChunkWithThatHeader()
    {
        var header = new UpdateHeader { Weight = 12, LocalSteps = 3, Checksum = 99 };

        UploadChunk chunk = UploadChunk.Parser.ParseFrom(Serialise(new UploadFrame(header)));

        Assert.Equal(header, chunk.Header);
    }

    private static byte[] Serialise(UploadFrame frame)
    {
        var context = new RecordingContext();
        UploadMethod.Client.RequestMarshaller.ContextualSerializer(frame, context);
        Assert.Equal(context.AnnouncedLength, context.Writer.WrittenCount);
        Assert.True(context.Completed);
        return context.Writer.WrittenSpan.ToArray();
    }

    private sealed class RecordingContext : SerializationContext
    {
        public ArrayBufferWriter<byte> Writer { get; } = new();

        public int AnnouncedLength { get; private set; }

        public bool Completed { get; private set; }

        public override void SetPayloadLength(int payloadLength) => AnnouncedLength = payloadLength;

        public override IBufferWriter<byte> GetBufferWriter() => Writer;

        public override void Complete() => Completed = true;
    }
}
