using Federated.Numerics;

namespace Federated.DaprSidecar.Faults;

/// <summary>Decides for each message what goes wrong with it. The settings may be changed while it runs.</summary>
public sealed class FaultInjector(TimeProvider time, Action crash)
{
    private static readonly TimeSpan OvertakenIn = TimeSpan.FromMilliseconds(200);

    private readonly Lock _gate = new();
    private CounterRandom _random = new(1, RandomPurpose.Faults);
    private FaultSettings _settings = FaultSettings.None;
    private TaskCompletionSource _passed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _delivered;

    /// <summary>What goes wrong from now on.</summary>
    public FaultSettings Settings
    {
        get => _settings;
        set
        {
            lock (_gate)
            {
                _settings = value;
                _random = new CounterRandom(value.Seed, RandomPurpose.Faults);
                _delivered = 0;
            }
        }
    }

    /// <summary>Until so many messages have passed since the settings were made.</summary>
    public async Task WaitForAsync(int messages, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task passed;
            lock (_gate)
            {
                if (_delivered >= messages)
                {
                    return;
                }

                passed = _passed.Task;
            }

            await passed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Waits as long as the message is to be late, and says how often to deliver it: 0, 1 or 2 times.</summary>
    internal async Task<int> PassAsync(CancellationToken cancellationToken)
    {
        (TimeSpan late, int times, bool crashes) = Draw();
        if (crashes)
        {
            crash();
        }

        if (late > TimeSpan.Zero)
        {
            await Task.Delay(late, time, cancellationToken);
        }

        return times;
    }

    private (TimeSpan Late, int Times, bool Crashes) Draw()
    {
        lock (_gate)
        {
            _delivered++;
            _passed.TrySetResult();
            _passed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            FaultSettings settings = _settings;
            TimeSpan late = settings.Delay * _random.NextDouble();
            if (_random.NextDouble() < settings.Reorder)
            {
                late += OvertakenIn * _random.NextDouble();
            }

            int times = _random.NextDouble() < settings.Drop ? 0 : _random.NextDouble() < settings.Duplicate ? 2 : 1;
            return (late, times, settings.CrashAfter > 0 && _delivered >= settings.CrashAfter);
        }
    }
}
