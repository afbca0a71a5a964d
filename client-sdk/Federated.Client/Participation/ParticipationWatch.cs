namespace Federated.Client.Participation;

/// <summary>
/// The policy's word on one check-in and its task: it is asked again whenever the conditions change and at the time that it named, and its refusal cancels <see cref="Refused"/>.
/// </summary>
internal sealed class ParticipationWatch : IDisposable
{
    private readonly ParticipationGate _gate;
    private readonly IDeviceConditions _conditions;
    private readonly TimeProvider _timeProvider;
    private readonly Lock _state = new();
    private readonly CancellationTokenSource _refused = new();
    private readonly ITimer _timer;
    private DateTimeOffset? _workingSince;
    private bool _ended;

    public ParticipationWatch(ParticipationGate gate, IDeviceConditions conditions, TimeProvider timeProvider)
    {
        _gate = gate;
        _conditions = conditions;
        _timeProvider = timeProvider;
        _timer = timeProvider.CreateTimer(
            static watch => ((ParticipationWatch)watch!).Review(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _conditions.Changed += OnChanged;
        Review();
    }

    /// <summary>What the policy said last.</summary>
    public ParticipationDecision Decision { get; private set; } = ParticipationDecision.Now();

    /// <summary>Cancelled when the policy refuses.</summary>
    public CancellationToken Refused => _refused.Token;

    /// <summary>Local work begins; the policy hears of it and says with how many steps.</summary>
    public void BeginWork()
    {
        lock (_state)
        {
            _workingSince = _timeProvider.GetUtcNow();
        }

        Review();
    }

    public void Dispose()
    {
        _conditions.Changed -= OnChanged;
        _timer.Dispose();
        lock (_state)
        {
            _ended = true;
        }

        _refused.Dispose();
    }

    private void OnChanged(object? sender, EventArgs what) => Review();

    private void Review()
    {
        bool refuses;
        lock (_state)
        {
            if (_ended || _refused.IsCancellationRequested)
            {
                return;
            }

            Decision = _gate.Ask(_workingSince);
            refuses = !Decision.TakesPart;
            if (!refuses)
            {
                _timer.Change(_gate.DelayTo(Decision.AskAgainAt), Timeout.InfiniteTimeSpan);
            }
        }

        if (refuses)
        {
            try
            {
                // Outside of the lock: what waits for this may run here.
                _refused.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // The task ended meanwhile.
            }
        }
    }
}
