namespace Federated.Client.Participation;

/// <summary>The network that a device is on.</summary>
public enum NetworkKind
{
    /// <summary>The application does not say.</summary>
    Unknown = 0,

    /// <summary>None.</summary>
    None = 1,

    /// <summary>One that costs by the byte, such as a mobile network.</summary>
    Metered = 2,

    /// <summary>One that does not.</summary>
    Unmetered = 3,
}
