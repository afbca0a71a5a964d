using Federated.Coordination.Anarchic;
using Federated.Coordination.Jobs;
using Federated.Coordination.Persistence;
using Federated.Coordination.Rounds;
using Federated.Protocol.Jobs;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Jobs;

/// <summary>A job without rounds of three devices, in the live coordinator, and what they do in it.</summary>
public abstract class AsynchronousJob
{
    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected static JobDefinition Job(string algorithm, int versions, params (string Name, double Value)[] parameters)
    {
        var job = new JobDefinition
        {
            Rounds = versions,
            Algorithm = new AlgorithmSettings { Name = algorithm },
            Round = new() { CohortSize = 3, Population = 3, DeadlineSeconds = 100 },
            Evaluation = new() { EveryRounds = 0 },
        };
        if (algorithm != "fedasync")
        {
            job.Algorithm.Parameters["buffer"] = 2;
        }

        foreach ((string name, double value) in parameters)
        {
            job.Algorithm.Parameters[name] = value;
        }

        return job;
    }

    private protected static AnarchicUpdate Update(TaskAssignment ticket, int device, double[] values, List<float[]> versions) => new()
    {
        Id = ticket.AssignmentId,
        ClientIndex = ticket.Training.ClientIndex,
        PulledVersion = ticket.TicketContent.BaseModelVersion,
        Steps = device + 2,
        Examples = 1,
        Delta = values.Select(value => (float)value).ToArray(),
        PulledParameters = versions[(int)ticket.TicketContent.BaseModelVersion],
    };

    private protected static async Task<TaskAssignment> TaskAsync(CoordinationWorld world, int device)
    {
        CheckInReply reply = await world.CheckInAsync($"device-{device}");
        Assert.True(reply.Assignment is not null, $"{reply}");
        return reply.Assignment;
    }

    private protected static bool Send(CoordinationWorld world, TaskAssignment task) => world.Tier.Upload(task.TicketContent, [0.5, -0.5, 1], weight: 1);

    private protected static Task<JobProgress> UntilVersionAsync(CoordinationWorld world, int version) =>
        world.UntilAsync(progress => progress.Version == version && progress.Phase is RoundPhase.Reporting or RoundPhase.Idle or RoundPhase.Selection);

    private protected static async Task UntilEndedAsync(CoordinationWorld world)
    {
        for (long attempt = 0; attempt < 5_000_000 && world.Store.Job(world.Job).Status is JobStatus.Running or JobStatus.Paused; attempt++)
        {
            await Task.Yield();
        }

        await world.Directory.StopAsync();
    }
}
