using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Federated.Client.Identity;
using Federated.Client.OneByte.Peers;

namespace Federated.UnitTests.Client.OneByte.Peers;

/// <summary>Links between members, over real sockets: only members get one, and nobody between them can use what it heard.</summary>
public sealed class PeerHandshakeTests : IDisposable
{
    private static readonly byte[] Run = SHA256.HashData("run"u8);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly IDeviceKey[] _keys = [.. Enumerable.Range(0, 3).Select(_ => SoftwareDeviceKey.Create())];

    public PeerHandshakeTests() => _listener.Start();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task Link_BetweenMembers_CarriesFramesInOrder()
    {
        (Stream dialling, Stream called) = await ConnectAsync();

        Task<(PeerSeal Seal, int BytesSent)> dial = PeerHandshake.DialAsync(dialling, Member(0), 1, Cancellation);
        (uint from, PeerSeal reader) = await PeerHandshake.AcceptAsync(called, Member(1), Cancellation);
        (PeerSeal writer, int bytesSent) = await dial;

        Assert.Equal(0u, from);
        Assert.Equal(108 + 64 + (2 * 4), bytesSent);
        foreach (byte[] frame in (byte[][])[[], [1], new byte[1000], [2, 3]])
        {
            byte[] closed = writer.Close(frame);
            Assert.Equal(frame.Length + PeerSeal.TagBytes, closed.Length);
            Assert.Equal(frame, reader.Open(closed));
        }

        writer.Dispose();
        reader.Dispose();
    }

    [Fact]
    public async Task Accept_StrangerUnderAMembersNumber_IsRefused()
    {
        (Stream dialling, Stream called) = await ConnectAsync();
        PeerCredentials stranger = Member(0) with { Key = SoftwareDeviceKey.Create() };

        Task dial = PeerHandshake.DialAsync(dialling, stranger, 1, Cancellation);

        await Assert.ThrowsAsync<CryptographicException>(() => PeerHandshake.AcceptAsync(called, Member(1), Cancellation));
        await dial;
    }

    [Fact]
    public async Task Accept_MemberUnderAnothersNumber_IsRefused()
    {
        (Stream dialling, Stream called) = await ConnectAsync();

        Task dial = PeerHandshake.DialAsync(dialling, Member(0) with { Number = 2 }, 1, Cancellation);

        await Assert.ThrowsAsync<CryptographicException>(() => PeerHandshake.AcceptAsync(called, Member(1), Cancellation));
        await dial;
    }

    [Fact]
    public async Task Dial_ListenerIsAnImpostor_NothingIsProvedToIt()
    {
        (Stream dialling, Stream called) = await ConnectAsync();
        PeerCredentials impostor = Member(1) with { Key = SoftwareDeviceKey.Create() };

        Task<(uint From, PeerSeal Seal)> accept = PeerHandshake.AcceptAsync(called, impostor, Cancellation);

        await Assert.ThrowsAsync<CryptographicException>(() => PeerHandshake.DialAsync(dialling, Member(0), 1, Cancellation));
        await dialling.DisposeAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => accept);
    }

    [Theory]
    [InlineData(true, 0u, 1u)]
    [InlineData(false, 7u, 1u)]
    [InlineData(false, 1u, 1u)]
    [InlineData(false, 0u, 2u)]
    public async Task Accept_AnotherRunOrNumber_IsRefusedBeforeAnythingIsSigned(bool isOtherRun, uint number, uint to)
    {
        (Stream dialling, Stream called) = await ConnectAsync();
        PeerCredentials caller = Member(0) with { Number = number, Run = isOtherRun ? SHA256.HashData("other"u8) : Run };

        Task dial = PeerHandshake.DialAsync(dialling, caller, to, Cancellation);

        await Assert.ThrowsAsync<InvalidDataException>(() => PeerHandshake.AcceptAsync(called, Member(1), Cancellation));
        await called.DisposeAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => dial);
    }

    [Fact]
    public async Task Accept_RecordedLinkIsReplayed_IsRefused()
    {
        (Stream dialling, Stream called) = await ConnectAsync();
        var recorder = new RecordingStream(dialling);
        Task<(PeerSeal Seal, int BytesSent)> dial = PeerHandshake.DialAsync(recorder, Member(0), 1, Cancellation);
        await PeerHandshake.AcceptAsync(called, Member(1), Cancellation);
        await dial;

        (Stream replaying, Stream calledAgain) = await ConnectAsync();
        await replaying.WriteAsync(recorder.Written.ToArray(), Cancellation);

        await Assert.ThrowsAsync<CryptographicException>(() => PeerHandshake.AcceptAsync(calledAgain, Member(1), Cancellation));
    }

    [Fact]
    public void Open_FrameThatIsChangedRepeatedOrLeftOut_IsRefused()
    {
        byte[] key = SHA256.HashData("key"u8);
        using var writer = new PeerSeal(key);
        byte[][] closed = [.. Enumerable.Range(0, 3).Select(i => writer.Close([(byte)i, 42]))];

        Assert.ThrowsAny<CryptographicException>(() => OpenAll(key, [closed[0], closed[0]]));
        Assert.ThrowsAny<CryptographicException>(() => OpenAll(key, [closed[0], closed[2]]));
        Assert.ThrowsAny<CryptographicException>(() => OpenAll(key, [closed[1]]));
        Assert.ThrowsAny<CryptographicException>(() => OpenAll(key, [[.. closed[0][..^1], (byte)(closed[0][^1] ^ 1)]]));
        Assert.ThrowsAny<CryptographicException>(() => OpenAll(key, [[(byte)(closed[0][0] ^ 1), .. closed[0][1..]]]));
        Assert.ThrowsAny<CryptographicException>(() => OpenAll(key, [new byte[PeerSeal.TagBytes - 1]]));
        OpenAll(key, closed);
    }

    private static void OpenAll(byte[] key, byte[][] frames)
    {
        using var reader = new PeerSeal(key);
        Array.ForEach(frames, frame => reader.Open(frame));
    }

    private PeerCredentials Member(uint number) => new(
        number, Run, _keys[number], Enumerable.Range(0, 3).ToDictionary(i => (uint)i, i => _keys[i].PublicKey));

    private async Task<(Stream Dialling, Stream Called)> ConnectAsync()
    {
        var client = new TcpClient();
        Task<TcpClient> accept = _listener.AcceptTcpClientAsync(Cancellation).AsTask();
        await client.ConnectAsync((IPEndPoint)_listener.LocalEndpoint, Cancellation);
        return (client.GetStream(), (await accept).GetStream());
    }

    /// <summary>Keeps what is written.</summary>
    private sealed class RecordingStream(Stream inner) : Stream
    {
        public List<byte> Written { get; } = [];

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count)
        {
            Written.AddRange(buffer.AsSpan(offset, count));
            inner.Write(buffer, offset, count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written.AddRange(buffer.Span);
            return inner.WriteAsync(buffer, cancellationToken);
        }
    }
}
