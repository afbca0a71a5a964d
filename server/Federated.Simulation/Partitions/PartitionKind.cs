namespace Federated.Simulation.Partitions;

/// <summary>The ways of dealing examples to clients.</summary>
public enum PartitionKind
{
    /// <summary>A random order, cut into equal parts.</summary>
    Iid,

    /// <summary>Each class is dealt by a draw of the Dirichlet distribution.</summary>
    Dirichlet,

    /// <summary>Each client gets a few labels, each label is cut into equal parts.</summary>
    Shards,

    /// <summary>The values of a column are the clients.</summary>
    Column,

    /// <summary>The speakers of a text are the clients.</summary>
    Speaker,

    /// <summary>The files of a folder are the clients.</summary>
    Site,
}
