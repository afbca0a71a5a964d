using Federated.Coordination.Jobs;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>The model that comes with its task.</summary>
public sealed class InlineModelTests : IAsyncDisposable
{
    private readonly CoordinationWorld _world = new(new() { Rounds = 3, Round = new() { CohortSize = 1, MinimumToClose = 1 } });
    private readonly List<IDisposable> _sending = [];

    public ValueTask DisposeAsync() => _world.Directory.DisposeAsync();

    [Fact]
    public async Task CheckIn_DeviceTakesModels_GetsTheFileOfTheVersion()
    {
        TaskAssignment first = (await CheckInAsync()).Assignment;
        CheckInReply second = await FinishAndCheckInAsync(first);

        Assert.Equal(2u, second.Assignment.Round);
        Assert.Equal(_world.Blobs.Read(second.Assignment.Model.BlobId), second.Model.ToByteArray());
        Assert.Single(_sending);

        // A reply that is still on its way keeps its bytes while later versions are made.
        byte[] sent = second.Model.ToByteArray();
        CheckInReply third = await FinishAndCheckInAsync(second.Assignment);
        Assert.Equal(_world.Blobs.Read(third.Assignment.Model.BlobId), third.Model.ToByteArray());
        Assert.Equal(sent, second.Model.ToByteArray());
        Assert.NotEqual(sent, third.Model.ToByteArray());
        _sending.ForEach(sending => sending.Dispose());
    }

    [Fact]
    public async Task CheckIn_FileTooLargeOrNotWanted_HasNoModel()
    {
        TaskAssignment first = (await CheckInAsync()).Assignment;
        CheckInReply small = await FinishAndCheckInAsync(first, inlineModelBytes: 10);
        Assert.True(small.Model.IsEmpty);
        CheckInReply none = await FinishAndCheckInAsync(small.Assignment, inlineModelBytes: 0);
        Assert.True(none.Model.IsEmpty);
        Assert.Empty(_sending);
        Assert.True(none.Assignment.Model.HasChecksum);
    }

    [Fact]
    public async Task CheckIn_DeviceHoldsTheModel_IsNotSentAgain()
    {
        TaskAssignment first = (await CheckInAsync()).Assignment;
        CheckInReply second = await FinishAndCheckInAsync(first);

        // It checks in again without having done its task.
        CheckInReply again = await CheckInAsync(held: second.Assignment.Model.BlobId);

        Assert.Equal(second.Assignment.AssignmentId, again.Assignment.AssignmentId);
        Assert.True(again.Model.IsEmpty);
    }

    private async Task<CheckInReply> FinishAndCheckInAsync(TaskAssignment task, uint inlineModelBytes = 1 << 20)
    {
        Task<CheckInReply> next = CheckInAsync(inlineModelBytes, pending: task.AssignmentId);
        await _world.UntilAsync(progress => progress.Waiting == 1);
        Assert.True(_world.Tier.Upload(task.TicketContent, [0.5, 0.25, -1], 4));
        return await next;
    }

    private async Task<CheckInReply> CheckInAsync(uint inlineModelBytes = 1 << 20, string held = "", params string[] pending)
    {
        if (_world.Job == default)
        {
            await _world.CreateJobAsync();
        }

        var request = new CheckInRequest
        {
            SdkVersion = "0.1.0",
            WaitMs = 60_000,
            InlineModelBytes = inlineModelBytes,
            HeldModel = held,
        };
        request.PendingAssignments.AddRange(pending);
        return await _world.Directory.Devices.CheckInAsync(
            new DeviceIdentity(CoordinationWorld.Tenant, "a"), request, _world.Cancel, _sending.Add);
    }
}
