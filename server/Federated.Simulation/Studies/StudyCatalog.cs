namespace Federated.Simulation.Studies;

/// <summary>The studies by name.</summary>
public static class StudyCatalog
{
    /// <summary>All of them, in the order of their names.</summary>
    public static IReadOnlyList<IStudyPlan> All { get; } = [new AnarchicStudy(), new CompressionStudy(), new FedAmdStudy(), new HeterogeneityStudy(), new PruningStudy(), new PruningAblationStudy()];

    /// <summary>Finds a study.</summary>
    /// <exception cref="SimulationException">There is none of the name.</exception>
    public static IStudyPlan Find(string name) => All.FirstOrDefault(study => study.Name == name)
        ?? throw new SimulationException($"There is no study '{name}'; there are {string.Join(", ", All.Select(study => study.Name))}.");
}
