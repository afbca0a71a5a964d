namespace Federated.Benchmarks.Latency;

/// <summary>
/// Lets the devices through a fixed number of rounds at a time: a turn begins when the gate opens and ends when every device
/// stands before it again, with the next model in its hands.
/// </summary>
internal sealed class RoundGate(int devices, int roundsATurn) : IDisposable
{
    private readonly SemaphoreSlim _open = new(0);
    private readonly SemaphoreSlim _waiting = new(0);

    public int RoundsATurn => roundsATurn;

    /// <summary>A device's step into a round; blocks in the first round of a turn.</summary>
    public void Pass(uint round, CancellationToken stop)
    {
        if ((round - 1) % roundsATurn == 0)
        {
            _waiting.Release();
            _open.Wait(stop);
        }
    }

    /// <summary>Waits until every device stands before the gate.</summary>
    public async Task ArrivedAsync(CancellationToken cancellationToken)
    {
        for (int i = 0; i < devices; i++)
        {
            await _waiting.WaitAsync(cancellationToken);
        }
    }

    /// <summary>One turn: opens the gate and waits for the devices' return.</summary>
    public async Task TurnAsync(CancellationToken cancellationToken)
    {
        _open.Release(devices);
        await ArrivedAsync(cancellationToken);
    }

    public void Dispose()
    {
        _open.Dispose();
        _waiting.Dispose();
    }
}
