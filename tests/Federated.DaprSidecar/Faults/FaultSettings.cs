namespace Federated.DaprSidecar.Faults;

/// <summary>What goes wrong on purpose between the broker and the apps. Shares are in [0, 1], drawn for each message and app.</summary>
public sealed record FaultSettings
{
    /// <summary>Nothing goes wrong.</summary>
    public static FaultSettings None { get; } = new();

    /// <summary>Share of the messages that are delivered a second time.</summary>
    public double Duplicate { get; init; }

    /// <summary>The longest time for which a message is held back; each is held for a random part of it.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Share of the messages that are held back until later ones have overtaken them.</summary>
    public double Reorder { get; init; }

    /// <summary>Share of the messages that are acknowledged and never delivered, which no honest broker does.</summary>
    public double Drop { get; init; }

    /// <summary>Deliveries after which the process kills itself; 0 for never. Only the executable obeys.</summary>
    public int CrashAfter { get; init; }

    /// <summary>Fixes the draws.</summary>
    public ulong Seed { get; init; } = 1;
}
