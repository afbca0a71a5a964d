using Federated.Coordination.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Jobs;

/// <summary>Reads what a device says that it can do.</summary>
internal static class DeviceAbilities
{
    /// <summary>The tasks; one that says nothing trains and evaluates.</summary>
    public static DeviceTasks Of(DeviceCapabilities? capabilities)
    {
        if (capabilities is null || capabilities.Tasks.Count == 0)
        {
            return DeviceTasks.Train | DeviceTasks.Evaluate | FramesOf(capabilities);
        }

        DeviceTasks tasks = DeviceTasks.None;
        foreach (TaskKind kind in capabilities.Tasks)
        {
            tasks |= kind switch
            {
                TaskKind.Train => DeviceTasks.Train,
                TaskKind.Evaluate => DeviceTasks.Evaluate,
                TaskKind.Statistics => DeviceTasks.Statistics,
                TaskKind.Exchange => DeviceTasks.Exchange,
                _ => DeviceTasks.None,
            };
        }

        return tasks == DeviceTasks.None ? tasks : tasks | FramesOf(capabilities);
    }

    private static DeviceTasks FramesOf(DeviceCapabilities? capabilities) =>
        capabilities?.Codecs.Contains(SectionCodec.Frame) == true ? DeviceTasks.Frames : DeviceTasks.None;
}
