using Federated.Coordination.Rounds;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;

namespace Federated.Coordination.Jobs;

/// <summary>What a job demands of a device.</summary>
/// <param name="job">A valid definition.</param>
internal sealed class JobDemands(JobDefinition job)
{
    /// <summary>Whether updates are compressed, so that a device must be able to make frames. A compressed down-link demands nothing: whole models are there for every device.</summary>
    public bool NeedsFrames { get; } = CompressionSpec.Parse(job.Compression.Up).IsActive;

    /// <summary>Whether a device could do none of the job's tasks for want of frames.</summary>
    /// <param name="tasks">What the device can do.</param>
    public bool Excludes(DeviceTasks tasks)
    {
        DeviceTasks others = (job.Evaluation.EveryRounds > 0 ? DeviceTasks.Evaluate : 0) | (job.Statistics.Kinds.Count > 0 ? DeviceTasks.Statistics : 0);
        return NeedsFrames && !tasks.HasFlag(DeviceTasks.Frames) && (tasks & others) == 0;
    }

    /// <summary>What of its tasks a device can do for this job.</summary>
    /// <param name="tasks">What it can do.</param>
    public DeviceTasks Within(DeviceTasks tasks) => NeedsFrames && !tasks.HasFlag(DeviceTasks.Frames) ? tasks & ~DeviceTasks.Train : tasks;
}
