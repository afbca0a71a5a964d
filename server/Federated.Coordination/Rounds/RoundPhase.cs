namespace Federated.Coordination.Rounds;

/// <summary>Where the state machine of a job stands.</summary>
public enum RoundPhase
{
    /// <summary>No round is open.</summary>
    Idle,

    /// <summary>Devices gather; none has been given a task.</summary>
    Selection,

    /// <summary>The cohort is chosen; its tasks are being written down and signed.</summary>
    Configuration,

    /// <summary>Devices work; updates come in.</summary>
    Reporting,

    /// <summary>No update is taken any more; the aggregate is being turned into a result.</summary>
    Closing,
}
