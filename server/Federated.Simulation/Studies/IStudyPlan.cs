namespace Federated.Simulation.Studies;

/// <summary>Makes a study.</summary>
public interface IStudyPlan
{
    /// <summary>The study's name on the command line.</summary>
    string Name { get; }

    /// <summary>What it asks, in one sentence.</summary>
    string Question { get; }

    /// <summary>Makes the study.</summary>
    /// <param name="isQuick">Whether it shall finish within minutes on two cores.</param>
    /// <param name="dataset">Name or path of the data.</param>
    Study Create(bool isQuick, string dataset);
}
