namespace Federated.Coordination.Rounds;

/// <summary>What a device can do.</summary>
[Flags]
public enum DeviceTasks
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Local training.</summary>
    Train = 1,

    /// <summary>Evaluation of a model on held-out examples.</summary>
    Evaluate = 2,

    /// <summary>Statistics of the local data.</summary>
    Statistics = 4,

    /// <summary>Exchanges of scalars.</summary>
    Exchange = 8,

    /// <summary>Not a task: the device makes and reads compressed sections.</summary>
    Frames = 16,
}
