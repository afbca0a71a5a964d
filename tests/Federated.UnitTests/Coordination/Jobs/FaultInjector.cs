namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>Kills the caller at one chosen step: throws before or after the n-th call of any fake takes effect, once.</summary>
internal sealed class FaultInjector
{
    private readonly Lock _gate = new();
    private readonly List<string> _calls = [];
    private int _stepsUntilFault = int.MaxValue;

    /// <summary>Steps seen; each call has two, one before its effect and one after it.</summary>
    public int Steps { get; private set; }

    /// <summary>Where the fault struck; null when it has not.</summary>
    public string? StruckAt { get; private set; }

    /// <summary>Runs when the fault strikes, before the exception is thrown.</summary>
    public Action Strikes { get; set; } = () => { };

    public void StrikeAtStep(int step) => _stepsUntilFault = step;

    /// <summary>Does the effect between two steps at which the fault may strike.</summary>
    public async Task<T> AroundAsync<T>(string call, Func<T> effect)
    {
        await Task.Yield();
        Step($"before {call}");
        T result = effect();
        Step($"after {call}");
        return result;
    }

    private void Step(string name)
    {
        lock (_gate)
        {
            Steps++;
            _calls.Add(name);
            if (--_stepsUntilFault != 0)
            {
                return;
            }

            StruckAt = name;
        }

        Strikes();
        throw new IOException($"Injected fault {name}.");
    }
}
