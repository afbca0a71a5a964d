using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Federated.FunctionalTests.Tier;

/// <summary>A cable that a test can cut: forwards TCP connections to a port of this machine, or breaks them and refuses new ones.</summary>
internal sealed class TcpProxy : IDisposable
{
    private readonly int _target;
    private readonly TcpListener _listener;
    private readonly long _firstStallsAfter;
    private readonly TaskCompletionSource _stalled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _hasStalled;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isCut;

    /// <param name="target">The port of this machine.</param>
    /// <param name="address">Where to listen; null for the loopback address.</param>
    /// <param name="firstStallsAfter">Bytes after which the first connection that sends so many makes no progress; 0 for never.</param>
    public TcpProxy(int target, IPAddress? address = null, long firstStallsAfter = 0)
    {
        _target = target;
        _listener = new TcpListener(address ?? IPAddress.Loopback, 0);
        _firstStallsAfter = firstStallsAfter;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Address => $"http://{_listener.LocalEndpoint}";

    /// <summary>Done when a connection stalls.</summary>
    public Task Stalled => _stalled.Task;

    /// <summary>Lets the stalled connection go on.</summary>
    public void GoOn() => _goOn.TrySetResult();

    /// <summary>Breaks every connection and refuses new ones.</summary>
    /// <returns>Done when somebody has tried in vain.</returns>
    public Task Cut()
    {
        _refused = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _isCut = true;
        foreach (Socket socket in _sockets.Keys)
        {
            socket.Dispose();
        }

        return _refused.Task;
    }

    public void Heal() => _isCut = false;

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        foreach (Socket socket in _sockets.Keys)
        {
            socket.Dispose();
        }

        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket caller = await _listener.AcceptSocketAsync(_stop.Token);
                if (_isCut)
                {
                    caller.Dispose();
                    _refused.TrySetResult();
                    continue;
                }

                _ = ForwardAsync(caller);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task SendAsync(NetworkStream from, NetworkStream to)
    {
        byte[] buffer = new byte[4096];
        long sent = 0;
        while (await from.ReadAsync(buffer, _stop.Token) is int length and > 0)
        {
            await to.WriteAsync(buffer.AsMemory(0, length), _stop.Token);
            sent += length;
            if (_firstStallsAfter > 0 && sent >= _firstStallsAfter && Interlocked.Exchange(ref _hasStalled, 1) == 0)
            {
                _stalled.TrySetResult();
                await _goOn.Task.WaitAsync(_stop.Token);
            }
        }
    }

    private async Task ForwardAsync(Socket caller)
    {
        using (caller)
        using (var target = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            _sockets[caller] = true;
            try
            {
                await target.ConnectAsync(IPAddress.Loopback, _target, _stop.Token);
                using var one = new NetworkStream(caller);
                using var other = new NetworkStream(target);
                await Task.WhenAny(SendAsync(one, other), other.CopyToAsync(one, _stop.Token));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException or IOException)
            {
                // Either end has gone.
            }
            finally
            {
                _sockets.TryRemove(caller, out _);
            }
        }
    }
}
