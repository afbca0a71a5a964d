using Federated.Numerics;

namespace Federated.Simulation.Attacks;

/// <summary>An attacker changes its own update and knows no other.</summary>
/// <param name="text">What the catalogue made it from.</param>
/// <param name="corrupt">Turns the honest update into what is sent.</param>
public sealed class LocalAttack(string text, Action<Span<float>, CounterRandom> corrupt) : Attack(text)
{
    /// <summary>Turns an honest update into what is sent.</summary>
    /// <param name="update">The update.</param>
    /// <param name="random">The attacker's stream of the round, of purpose <see cref="RandomPurpose.Attack"/>.</param>
    public void Corrupt(Span<float> update, CounterRandom random) => corrupt(update, random);
}
