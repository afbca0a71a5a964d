using Federated.Client.Training;
using Federated.Protocol.V1;

namespace Federated.Client.Sessions;

/// <summary>Shortens a task's local training.</summary>
internal static class StepLimit
{
    /// <summary>The same settings with at most so many optimizer steps.</summary>
    /// <param name="settings">The task's settings.</param>
    /// <param name="most">Most steps, at least 1.</param>
    /// <param name="examples">The device's examples.</param>
    public static LocalTraining Within(LocalTraining settings, int most, int examples)
    {
        if (most == int.MaxValue || LocalSgdPlan.From(settings).StepsFor(examples) <= most)
        {
            return settings;
        }

        LocalTraining shorter = settings.Clone();
        shorter.Epochs = 0;
        shorter.Steps = (uint)most;
        return shorter;
    }
}
