using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Threading.Channels;

namespace Federated.Client.OneByte.Peers;

/// <summary>
/// TCP between peers: a member dials every other for what it sends, and listens for what it is sent. The two recognise each other first (<see cref="PeerHandshake"/>), and every frame is sealed
/// (<see cref="PeerSeal"/>). A link that breaks is dialled again; messages meanwhile are lost.
/// </summary>
internal sealed class PeerLinks : IAsyncDisposable
{
    private const int MostWaiting = 1024;
    private const int MostStrangers = 64;
    private static readonly TimeSpan Redial = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(10);

    private readonly PeerCredentials _own;
    private readonly int _mostBytes;
    private readonly TimeProvider _time;
    private readonly TcpListener _listener;
    private readonly ConcurrentDictionary<uint, Channel<byte[]>> _outboxes = new();
    private readonly Action<uint, ReadOnlyMemory<byte>> _receive;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _tasks = [];
    private long _bytesSent;
    private int _strangers;
    private int _refused;

    /// <param name="own">Who this member is, and who the others are.</param>
    /// <param name="mostBytes">The longest frame that is taken.</param>
    /// <param name="members">Every member and where it listens.</param>
    /// <param name="receive">Is given each frame with its sender, on any thread.</param>
    /// <param name="time">Waits between two dials.</param>
    /// <exception cref="SocketException">The member's own address cannot be listened on.</exception>
    public PeerLinks(
        PeerCredentials own, int mostBytes, IReadOnlyDictionary<uint, IPEndPoint> members, Action<uint, ReadOnlyMemory<byte>> receive, TimeProvider time)
    {
        (_own, _mostBytes, _receive, _time) = (own, mostBytes, receive, time);
        _listener = new TcpListener(members[own.Number]);
        _listener.Start();
        _tasks.Add(Task.Run(AcceptAsync));
        foreach ((uint member, IPEndPoint address) in members)
        {
            if (member != own.Number)
            {
                var outbox = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
                _outboxes[member] = outbox;
                _tasks.Add(Task.Run(() => DialAsync(member, address, outbox.Reader)));
            }
        }
    }

    public long BytesSent => Interlocked.Read(ref _bytesSent);

    /// <summary>Links that were closed because the other side did not prove to be a member.</summary>
    public int Refused => Volatile.Read(ref _refused);

    public void Send(uint to, byte[] frame) => _outboxes[to].Writer.TryWrite(frame);

    /// <summary>Waits until everything is sent to those that can be reached, as long as the token allows.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        foreach (Channel<byte[]> outbox in _outboxes.Values)
        {
            outbox.Writer.TryComplete();
        }

        try
        {
            await Task.WhenAll(_outboxes.Values.Select(outbox => outbox.Reader.Completion)).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Whoever cannot be reached does not get it.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Stop();
        await Task.WhenAll(_tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = Task.Run(() => ListenAsync(client));
        }
    }

    private async Task ListenAsync(TcpClient client)
    {
        using (client)
        {
            client.NoDelay = true;
            try
            {
                NetworkStream stream = client.GetStream();
                (uint from, PeerSeal seal) = await RecogniseAsync(stream).ConfigureAwait(false);
                using (seal)
                {
                    while (true)
                    {
                        _receive(from, seal.Open(await PeerFrames.ReadAsync(stream, _mostBytes + PeerSeal.TagBytes, _stop.Token).ConfigureAwait(false)));
                    }
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or InvalidDataException or CryptographicException or ObjectDisposedException)
            {
                // The link is gone; the other side dials again.
            }
        }
    }

    /// <summary>A stranger gets little time, and there are few at a time.</summary>
    private async Task<(uint From, PeerSeal Seal)> RecogniseAsync(Stream stream)
    {
        using var late = new CancellationTokenSource(HandshakeTime, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _stop.Token);
        try
        {
            return Interlocked.Increment(ref _strangers) <= MostStrangers
                ? await PeerHandshake.AcceptAsync(stream, _own, either.Token).ConfigureAwait(false)
                : throw new IOException("Too many links are not recognised yet.");
        }
        catch (Exception e) when (e is InvalidDataException or CryptographicException)
        {
            Interlocked.Increment(ref _refused);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref _strangers);
        }
    }

    private async Task DialAsync(uint member, IPEndPoint address, ChannelReader<byte[]> outbox)
    {
        while (!_stop.IsCancellationRequested && !outbox.Completion.IsCompleted)
        {
            try
            {
                using var client = new TcpClient(address.AddressFamily) { NoDelay = true };
                await client.ConnectAsync(address, _stop.Token).ConfigureAwait(false);
                NetworkStream stream = client.GetStream();
                using PeerSeal seal = await ProveAsync(stream, member).ConfigureAwait(false);
                await foreach (byte[] frame in outbox.ReadAllAsync(_stop.Token).ConfigureAwait(false))
                {
                    Sent(await PeerFrames.WriteAsync(stream, seal.Close(frame), _stop.Token).ConfigureAwait(false));
                }

                return;
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or InvalidDataException)
            {
                // The other side is not there yet, or any more.
            }
            catch (CryptographicException)
            {
                Interlocked.Increment(ref _refused);
            }

            try
            {
                await Task.Delay(Redial, _time, _stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task<PeerSeal> ProveAsync(Stream stream, uint member)
    {
        using var late = new CancellationTokenSource(HandshakeTime, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _stop.Token);
        (PeerSeal seal, int bytes) = await PeerHandshake.DialAsync(stream, _own, member, either.Token).ConfigureAwait(false);
        Sent(bytes);
        return seal;
    }

    private void Sent(int bytes) => Interlocked.Add(ref _bytesSent, bytes);
}
