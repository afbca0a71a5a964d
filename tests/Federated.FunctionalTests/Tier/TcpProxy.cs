using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Federated.FunctionalTests.Tier;

/// <summary>A cable that a test can cut: forwards TCP connections to a port of this machine, or breaks them and refuses new ones.</summary>
internal sealed class TcpProxy : IDisposable
{
    private readonly int _target;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Socket, bool> _sockets = new();
    private TaskCompletionSource _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isCut;

    public TcpProxy(int target)
    {
        _target = target;
        _listener.Start();
        _ = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";

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
                await Task.WhenAny(one.CopyToAsync(other, _stop.Token), other.CopyToAsync(one, _stop.Token));
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
