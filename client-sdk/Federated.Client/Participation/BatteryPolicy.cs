namespace Federated.Client.Participation;

/// <summary>Takes part while the battery has enough charge. A device that is being charged has.</summary>
public sealed class BatteryPolicy : IParticipationPolicy
{
    private static readonly ParticipationDecision Unknown =
        ParticipationDecision.NotNow("the battery's charge is unknown: the application supplies no such condition");

    private readonly double _toBegin;
    private readonly double _toGoOn;

    /// <summary>Creates the policy.</summary>
    /// <param name="toBegin">Charge from which the device begins, 0 to 1.</param>
    /// <param name="toGoOn">Charge below which it stops work that is under way, 0 to <paramref name="toBegin"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A charge is out of range.</exception>
    public BatteryPolicy(double toBegin = 0.5, double toGoOn = 0.3)
    {
        if (!(toBegin is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(nameof(toBegin), toBegin, "A charge is 0 to 1.");
        }

        if (!(toGoOn >= 0 && toGoOn <= toBegin))
        {
            throw new ArgumentOutOfRangeException(nameof(toGoOn), toGoOn, "The charge to go on is 0 to the charge to begin.");
        }

        _toBegin = toBegin;
        _toGoOn = toGoOn;
    }

    /// <summary>Whether the device takes part when its charge is not known. Default: false.</summary>
    public bool TakesPartWhenUnknown { get; init; }

    /// <inheritdoc />
    public ParticipationDecision Decide(ParticipationContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Conditions.IsCharging == true)
        {
            return ParticipationDecision.Now();
        }

        if (context.Conditions.BatteryLevel is not { } level)
        {
            return TakesPartWhenUnknown ? ParticipationDecision.Now() : Unknown;
        }

        double enough = context.IsWorking ? _toGoOn : _toBegin;
        return level >= enough
            ? ParticipationDecision.Now()
            : ParticipationDecision.NotNow(FormattableString.Invariant($"the battery's charge is {level:0.##}; {enough:0.##} is wanted"));
    }
}
