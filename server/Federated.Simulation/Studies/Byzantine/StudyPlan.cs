using Federated.Simulation.Engine;

namespace Federated.Simulation.Studies.Byzantine;

/// <summary>Which rules meet which attacks.</summary>
public sealed record StudyPlan
{
    /// <summary>The name of no attack.</summary>
    public const string NoAttack = "none";

    /// <summary>What all runs share; its rule and attack are not looked at. Its <see cref="SimulationRequest.Byzantine"/> is the number of attackers and f.</summary>
    public required SimulationRequest Request { get; init; }

    /// <summary>The rules.</summary>
    public required IReadOnlyList<RuleCandidates> Rules { get; init; }

    /// <summary>The attacks, <see cref="NoAttack"/> among them.</summary>
    public required IReadOnlyList<string> Attacks { get; init; }

    /// <summary>Each run is repeated under every seed.</summary>
    public required IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>Runs at the same time.</summary>
    public int Degree { get; init; } = Environment.ProcessorCount;

    /// <summary>All runs, those of one seed together.</summary>
    public IEnumerable<CellKey> Cells =>
        from seed in Seeds
        from rule in Rules
        from text in rule.Texts
        from rate in rule.ServerLearningRates?.Select(rate => (double?)rate) ?? [null]
        from attack in Attacks
        select new CellKey(rule.Name, text, rate, attack, seed);
}
