namespace Federated.Coordination.Anarchic.AfaCs;

/// <summary>What AFA-CS does as long as some workers were never seen.</summary>
internal enum AbsentWorkers
{
    /// <summary>Versions are counted, but the model stays until everybody was seen.</summary>
    Wait = 0,

    /// <summary>The sum is divided by the number of all workers, as if those who are absent had sent zeros.</summary>
    ZeroFill = 1,

    /// <summary>The sum is divided by the number of those seen.</summary>
    SeenMean = 2,
}
