namespace Federated.Simulation.Data;

/// <summary>What the numbers of an example are.</summary>
public enum InputKind
{
    /// <summary>A vector of features without order.</summary>
    Vector,

    /// <summary>Pixels, channel by channel, row by row.</summary>
    Image,

    /// <summary>Token numbers in order.</summary>
    Tokens,
}
