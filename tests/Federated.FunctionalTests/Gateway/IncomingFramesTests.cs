using System.Buffers;
using Federated.Aggregator.Hosting.Gateway;
using Federated.Protocol.V1;
using Google.Protobuf;

namespace Federated.FunctionalTests.Gateway;

/// <summary>The hand-read framing agrees with protobuf, however the message is cut into segments.</summary>
public sealed class IncomingFramesTests
{
    [Fact]
    public void Read_HeaderInSegmentsOfAnyLength_IsTheHeader()
    {
        var header = new UpdateHeader { Weight = 3, LocalSteps = 300, Checksum = ulong.MaxValue };
        byte[] message = new UploadChunk { Header = header }.ToByteArray();

        for (int segment = 1; segment <= message.Length; segment++)
        {
            Assert.Equal(header, IncomingFrames.Read(Segmented(message, segment)).Header);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("0A")]
    [InlineData("0A05010203")]
    [InlineData("0A00FF")]
    [InlineData("0AFFFFFFFFFFFF")]
    [InlineData("0A03FFFFFF")]
    [InlineData("1A0101")]
    [InlineData("0801")]
    public void Read_NoChunk_IsMalformed(string message)
    {
        Assert.Same(IncomingFrame.Malformed, IncomingFrames.Read(new ReadOnlySequence<byte>(Convert.FromHexString(message))));
    }

    [Fact]
    public void Read_DataBeforeAnyAdmission_IsMalformed()
    {
        byte[] message = new UploadChunk { Data = ByteString.CopyFrom(1, 2, 3) }.ToByteArray();

        Assert.Same(IncomingFrame.Malformed, IncomingFrames.Read(new ReadOnlySequence<byte>(message)));
    }

    private static ReadOnlySequence<byte> Segmented(byte[] message, int length)
    {
        var first = new Segment(message.AsMemory(0, Math.Min(length, message.Length)), 0);
        Segment last = first;
        for (int start = length; start < message.Length; start += length)
        {
            last = last.Append(message.AsMemory(start, Math.Min(length, message.Length - start)));
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long start)
        {
            Memory = memory;
            RunningIndex = start;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}
