namespace Federated.Numerics;

/// <summary>What a stream of random numbers decides. Part of a stream's address: the numbers are frozen, because a seed must keep its meaning.</summary>
public enum RandomPurpose
{
    /// <summary>The order of examples in local training.</summary>
    Batches = 0x42,

    /// <summary>Which clients a round asks.</summary>
    Selection = 0x53,

    /// <summary>Choice between two neighbouring codes of a quantiser.</summary>
    Dither = 0x51,

    /// <summary>Directions of shared-randomness updates.</summary>
    Perturbation = 0x5A,

    /// <summary>Initial parameters of a model.</summary>
    Initialisation = 0x01,

    /// <summary>Dropout masks.</summary>
    Dropout = 0x02,

    /// <summary>How examples are dealt to clients.</summary>
    Partition = 0x03,

    /// <summary>Which examples are held out.</summary>
    Split = 0x04,

    /// <summary>Which virtual clients fail, and when.</summary>
    Faults = 0x05,

    /// <summary>Spread of retry times.</summary>
    Pacing = 0x06,

    /// <summary>Roles of clients within a round.</summary>
    Roles = 0x07,

    /// <summary>Masks and projections of compressors.</summary>
    Compression = 0x08,

    /// <summary>Behaviour of simulated attackers.</summary>
    Attack = 0x09,

    /// <summary>Grouping of updates by an aggregation rule.</summary>
    Aggregation = 0x0A,

    /// <summary>Noise of a privacy mechanism in simulation.</summary>
    Privacy = 0x0B,

    /// <summary>Inputs of tests and benchmarks.</summary>
    Test = 0x0C,

    /// <summary>Projections of updates by which nodes estimate inner products; secret from devices.</summary>
    Sketch = 0x0D,

    /// <summary>Which direction of a finite pool stands for a machine's own.</summary>
    SeedPool = 0x0E,

    /// <summary>Speed, presence and effort of simulated devices.</summary>
    Devices = 0x0F,

    /// <summary>Masks of pruned models, and shares of their layers.</summary>
    Pruning = 0x10,
}
