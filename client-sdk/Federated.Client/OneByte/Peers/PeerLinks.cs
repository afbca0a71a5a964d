using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Federated.Client.OneByte.Peers;

/// <summary>
/// TCP between peers: a member dials every other for what it sends, and listens for what it is sent. A frame is its length (4, little-endian) and as many bytes; the first frame of a link is
/// the greeting: the number of the member (4) and the settings of the run. A link that breaks is dialled again; messages meanwhile are lost.
/// </summary>
internal sealed class PeerLinks : IAsyncDisposable
{
    private const int MostWaiting = 1024;
    private static readonly TimeSpan Redial = TimeSpan.FromMilliseconds(200);

    private readonly uint _number;
    private readonly byte[] _settings;
    private readonly int _mostBytes;
    private readonly TimeProvider _time;
    private readonly TcpListener _listener;
    private readonly ConcurrentDictionary<uint, Channel<byte[]>> _outboxes = new();
    private readonly Action<uint, ReadOnlyMemory<byte>> _receive;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<Task> _tasks = [];
    private long _bytesSent;

    /// <param name="number">This member.</param>
    /// <param name="settings">The run; a link of another is closed.</param>
    /// <param name="mostBytes">The longest frame that is taken.</param>
    /// <param name="members">Every member and where it listens.</param>
    /// <param name="receive">Is given each frame with its sender, on any thread.</param>
    /// <param name="time">Waits between two dials.</param>
    /// <exception cref="SocketException">The member's own address cannot be listened on.</exception>
    public PeerLinks(
        uint number, byte[] settings, int mostBytes, IReadOnlyDictionary<uint, IPEndPoint> members, Action<uint, ReadOnlyMemory<byte>> receive, TimeProvider time)
    {
        (_number, _settings, _mostBytes, _receive, _time) = (number, settings, mostBytes, receive, time);
        _listener = new TcpListener(members[number]);
        _listener.Start();
        _tasks.Add(Task.Run(AcceptAsync));
        foreach ((uint member, IPEndPoint address) in members)
        {
            if (member != number)
            {
                var outbox = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
                _outboxes[member] = outbox;
                _tasks.Add(Task.Run(() => DialAsync(address, outbox.Reader)));
            }
        }
    }

    public long BytesSent => Interlocked.Read(ref _bytesSent);

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
                byte[] greeting = await ReadAsync(stream, sizeof(uint) + _settings.Length).ConfigureAwait(false);
                uint from = greeting.Length == sizeof(uint) + _settings.Length ? BinaryPrimitives.ReadUInt32LittleEndian(greeting) : _number;
                if (!_outboxes.ContainsKey(from) || !greeting.AsSpan(sizeof(uint)).SequenceEqual(_settings))
                {
                    return;
                }

                while (true)
                {
                    _receive(from, await ReadAsync(stream, _mostBytes).ConfigureAwait(false));
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or InvalidDataException or ObjectDisposedException)
            {
                // The link is gone; the other side dials again.
            }
        }
    }

    private async Task<byte[]> ReadAsync(NetworkStream stream, int mostBytes)
    {
        byte[] length = new byte[sizeof(int)];
        await stream.ReadExactlyAsync(length, _stop.Token).ConfigureAwait(false);
        int bytes = BinaryPrimitives.ReadInt32LittleEndian(length);
        if (bytes < 0 || bytes > mostBytes)
        {
            throw new InvalidDataException($"A frame of {bytes} bytes; at most {mostBytes} are taken.");
        }

        byte[] frame = new byte[bytes];
        await stream.ReadExactlyAsync(frame, _stop.Token).ConfigureAwait(false);
        return frame;
    }

    private async Task DialAsync(IPEndPoint address, ChannelReader<byte[]> outbox)
    {
        while (!_stop.IsCancellationRequested && !outbox.Completion.IsCompleted)
        {
            try
            {
                using var client = new TcpClient(address.AddressFamily) { NoDelay = true };
                await client.ConnectAsync(address, _stop.Token).ConfigureAwait(false);
                NetworkStream stream = client.GetStream();
                byte[] greeting = new byte[sizeof(uint) + _settings.Length];
                BinaryPrimitives.WriteUInt32LittleEndian(greeting, _number);
                _settings.CopyTo(greeting, sizeof(uint));
                await WriteAsync(stream, greeting).ConfigureAwait(false);
                await foreach (byte[] frame in outbox.ReadAllAsync(_stop.Token).ConfigureAwait(false))
                {
                    await WriteAsync(stream, frame).ConfigureAwait(false);
                }

                return;
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // The other side is not there yet, or any more.
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

    private async Task WriteAsync(NetworkStream stream, byte[] frame)
    {
        byte[] bytes = new byte[sizeof(int) + frame.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, frame.Length);
        frame.CopyTo(bytes, sizeof(int));
        await stream.WriteAsync(bytes, _stop.Token).ConfigureAwait(false);
        Interlocked.Add(ref _bytesSent, bytes.Length);
    }
}
