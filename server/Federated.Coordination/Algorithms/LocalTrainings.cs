using Federated.Protocol.Jobs;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms;

/// <summary>Turns a job's local settings into what a device is told.</summary>
public static class LocalTrainings
{
    /// <summary>The settings that every algorithm shares; the caller adds its own.</summary>
    /// <param name="job">The job.</param>
    /// <param name="clientIndex">Stands for the device in the addressing of random draws.</param>
    /// <param name="clientHalf">The client half to run; null for the one of the algorithm's own name.</param>
    public static LocalTraining Of(JobDefinition job, uint clientIndex, string? clientHalf = null)
    {
        LocalSettings local = job.Local;
        var training = new LocalTraining
        {
            Algorithm = clientHalf ?? job.Algorithm.Name,
            Epochs = (uint)local.Epochs,
            Steps = (uint)local.Steps,
            BatchSize = (uint)local.BatchSize,
            LearningRate = local.LearningRate,
            Momentum = local.Momentum,
            WeightDecay = local.WeightDecay,
            ClipNorm = local.ClipNorm,
            Seed = job.Seed,
            ClientIndex = clientIndex,
        };
        training.Parameters.Add(job.Algorithm.Parameters);
        return training;
    }
}
