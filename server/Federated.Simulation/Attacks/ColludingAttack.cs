namespace Federated.Simulation.Attacks;

/// <summary>The attackers know the honest updates of the round and all send the same.</summary>
/// <param name="text">What the catalogue made it from.</param>
/// <param name="craft">Makes what is sent.</param>
public sealed class ColludingAttack(string text, Func<AttackRound, float[]> craft) : Attack(text)
{
    /// <summary>Makes what every attacker sends.</summary>
    /// <param name="round">What the attackers know.</param>
    /// <exception cref="SimulationException">The round has no honest update, or not the one that is mimicked.</exception>
    public float[] Craft(AttackRound round)
    {
        ArgumentNullException.ThrowIfNull(round);
        return round.Honest.Count == 0 ? throw new SimulationException($"Attack '{Text}': the round has no honest update to build on.") : craft(round);
    }
}
