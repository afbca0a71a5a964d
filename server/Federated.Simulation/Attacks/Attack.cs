namespace Federated.Simulation.Attacks;

/// <summary>What the Byzantine clients of a simulation do: one of <see cref="LocalAttack"/>, <see cref="ColludingAttack"/> and <see cref="DataAttack"/>.</summary>
/// <param name="text">What the catalogue made it from.</param>
public abstract class Attack(string text)
{
    /// <summary>What the catalogue made it from, such as <c>alie:tau=1.5</c>.</summary>
    public string Text { get; } = text;
}
