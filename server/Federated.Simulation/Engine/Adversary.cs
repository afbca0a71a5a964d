using System.Collections.Immutable;
using Federated.Aggregation.Robust.Catalog;
using Federated.Numerics;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Federated.Simulation.Attacks;

namespace Federated.Simulation.Engine;

/// <summary>
/// The attackers of a simulation. Each float32 section of an update is attacked by itself. They claim honest weights and steps, and their updates pass the same checks
/// as everybody's.
/// </summary>
/// <param name="attack">What they do.</param>
/// <param name="clients">Indices of the clients that they are.</param>
/// <param name="rule">The rule that they know and attack; null for the mean.</param>
/// <param name="seed">The simulation's seed.</param>
internal sealed class Adversary(Attack attack, IReadOnlySet<int> clients, RobustRule? rule, ulong seed)
{
    /// <summary>Whether it changes updates. It then acts when those of the whole round are there; attacks on data act before training.</summary>
    public bool ChangesUpdates => attack is not DataAttack;

    public bool Has(uint client) => clients.Contains((int)client);

    /// <summary>Changes the attackers' updates of a round in place.</summary>
    /// <param name="round">The round.</param>
    /// <param name="updates">The updates that will be sent, honest ones included.</param>
    /// <param name="centres">The last aggregates, where the rule may start.</param>
    public void Attack(RoundKey round, IReadOnlyList<ClientPayload> updates, IReadOnlyDictionary<SectionRole, ReadOnlyMemory<float>> centres)
    {
        ClientPayload[] own = [.. updates.Where(update => Has(update.Client))];
        if (attack is LocalAttack local)
        {
            foreach (ClientPayload update in own)
            {
                var random = new CounterRandom(seed, RandomPurpose.Attack, update.Client, (uint)round.Round);
                foreach (SectionSpec section in Attacked(update.Sections))
                {
                    local.Corrupt(update.Values(section.Role), random);
                }
            }
        }
        else if (attack is ColludingAttack colluding)
        {
            foreach (IGrouping<SectionRole, ClientPayload> carriers in own
                .SelectMany(update => Attacked(update.Sections).Select(section => (section.Role, Update: update)))
                .GroupBy(pair => pair.Role, pair => pair.Update))
            {
                ReadOnlyMemory<float>? centre = centres.TryGetValue(carriers.Key, out ReadOnlyMemory<float> last) ? last : default(ReadOnlyMemory<float>?);
                Collude(colluding, carriers.Key, updates, [.. carriers], centre);
            }
        }
    }

    private void Collude(ColludingAttack colluding, SectionRole section, IReadOnlyList<ClientPayload> updates, ClientPayload[] own, ReadOnlyMemory<float>? centre)
    {
        ReadOnlyMemory<float>[] honest =
        [
            .. updates.Where(update => !Has(update.Client) && update.Sections.Any(spec => spec.Role == section))
                .Select(update => (ReadOnlyMemory<float>)update.Values(section).ToArray()),
        ];
        if (honest.Length == 0)
        {
            // Nobody to learn from: they send what they have trained.
            return;
        }

        float[] crafted = colluding.Craft(new AttackRound { Honest = honest, Byzantine = own.Length, Rule = rule, Centre = centre });
        foreach (ClientPayload update in own)
        {
            crafted.CopyTo(update.Values(section));
        }
    }

    private static IEnumerable<SectionSpec> Attacked(ImmutableArray<SectionSpec> sections) => sections.Where(section => section.Dtype == SectionDType.F32 && section.Role != SectionRole.TopK);
}
