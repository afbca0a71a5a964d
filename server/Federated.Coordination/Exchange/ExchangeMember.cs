namespace Federated.Coordination.Exchange;

/// <summary>A device that has joined an exchange, for as long as this coordinator lives.</summary>
internal sealed class ExchangeMember(string deviceId, uint machine, uint checkedRound)
{
    public string DeviceId { get; } = deviceId;

    /// <summary>The number by which the log knows it.</summary>
    public uint Machine { get; } = machine;

    /// <summary>The round before which its state was compared last.</summary>
    public uint CheckedRound { get; set; } = checkedRound;

    /// <summary>Whether rounds wait for it: it has sent gradients, and no deadline has passed without them since.</summary>
    public bool IsPresent { get; set; }

    /// <summary>Whether it has the whole log.</summary>
    public bool HasEnded { get; set; }
}
