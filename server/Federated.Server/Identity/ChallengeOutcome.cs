namespace Federated.Server.Identity;

/// <summary>What a returned challenge is worth.</summary>
internal enum ChallengeOutcome
{
    /// <summary>Made by this server for this device, and in time.</summary>
    Valid,

    /// <summary>Not made by this server for this device.</summary>
    Forged,

    /// <summary>Made by this server, but too long ago.</summary>
    Expired,
}
