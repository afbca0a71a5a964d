namespace Federated.Coordination.Rounds;

/// <summary>A device whose check-in waits for an answer.</summary>
/// <param name="CallId">Names the check-in; unique within the job's coordinator.</param>
/// <param name="DeviceId">The device.</param>
/// <param name="ClientIndex">Stands for the device in the addressing of random draws.</param>
/// <param name="Tasks">What it can do.</param>
/// <param name="WaitUntil">When it wants an answer at the latest.</param>
/// <param name="HeldAssignment">The assignment of the open round whose bytes the device holds, or null.</param>
public readonly record struct Candidate(
    long CallId,
    string DeviceId,
    uint ClientIndex,
    DeviceTasks Tasks,
    DateTimeOffset WaitUntil,
    string? HeldAssignment = null);
