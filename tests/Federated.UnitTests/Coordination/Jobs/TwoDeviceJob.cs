using Federated.Protocol.Jobs;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>A world with the devices a and b and a job that needs both.</summary>
public abstract class TwoDeviceJob : IAsyncDisposable
{
    private protected static readonly JobDefinition TwoDevices = new()
    {
        Rounds = 3,
        Round = new() { CohortSize = 2, MinimumToClose = 1, DeadlineSeconds = 100, SelectionSeconds = 10, MaxAbandoned = 2 },
    };

    private protected CoordinationWorld World { get; } = new(TwoDevices);

    public async ValueTask DisposeAsync()
    {
        await World.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected async Task<TaskAssignment[]> OpenRoundAsync()
    {
        await World.CreateJobAsync();
        return await CheckInBothAsync();
    }

    private protected Task<TaskAssignment[]> CheckInBothAsync() => CheckInBothAsync(World);

    private protected static async Task<TaskAssignment[]> CheckInBothAsync(CoordinationWorld world)
    {
        Task<CheckInReply> a = world.CheckInAsync("a");
        CheckInReply b = await world.CheckInAsync("b");
        return [(await a).Assignment, b.Assignment];
    }

    private protected async Task FinishRoundAsync(TaskAssignment[] tasks, int version)
    {
        Upload(tasks[0]);
        Upload(tasks[1]);
        await World.UntilAsync(progress => progress.Version == version);
    }

    private protected void Upload(TaskAssignment task) =>
        Assert.True(World.Tier.Upload(task.TicketContent, [0.5, 0.25, -1], 4));

    private protected static string IdOf(TaskAssignment[] tasks, string device) =>
        tasks.Single(task => task.TicketContent.DeviceId == device).AssignmentId;
}
