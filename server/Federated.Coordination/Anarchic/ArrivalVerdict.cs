namespace Federated.Coordination.Anarchic;

/// <summary>What became of an update that arrived. Only <see cref="Buffered"/> ones can enter a model.</summary>
public enum ArrivalVerdict
{
    /// <summary>It waits for the next model version.</summary>
    Buffered,

    /// <summary>An update of this id was taken before.</summary>
    Duplicate,

    /// <summary>The server holds one of the same worker that started from a later version.</summary>
    Superseded,

    /// <summary>It started from a version that is older than the job allows; the worker shall start over from the present one.</summary>
    TooStale,

    /// <summary>It claims a version that the server never made: a staleness below zero.</summary>
    VersionUnknown,

    /// <summary>It is under a mask from which nothing is carried to the present one any more, or never was.</summary>
    OtherMask,

    /// <summary>It claims no step: there is nothing to normalise.</summary>
    NoSteps,

    /// <summary>It claims more steps than the job allows.</summary>
    TooManySteps,

    /// <summary>It claims no examples, or a number of them that is none, where updates count by examples.</summary>
    NoExamples,

    /// <summary>It has a NaN or an infinity.</summary>
    NotFinite,

    /// <summary>It comes from a worker for whom the memory of the algorithm has no room.</summary>
    MemoryFull,
}
