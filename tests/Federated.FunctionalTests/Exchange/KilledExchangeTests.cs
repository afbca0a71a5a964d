using Federated.Client.Sessions;
using Federated.FunctionalTests.Server;
using Federated.PeerHost;

namespace Federated.FunctionalTests.Exchange;

/// <summary>The server of an exchange is killed (SIGKILL) and started again: the log goes on where it ended, and the devices end in one state.</summary>
public sealed class KilledExchangeTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly ExchangeWorld _world = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact]
    public Task Kill_BetweenCheckpoints_LogGoesOn() => KillableServer.WithAsync(async server =>
    {
        string jobId = await server.CreateJobAsync(
            ExchangeWorld.Definition(rounds: 60, cohort: 3, new { probes = 2, window = 16, retain = 2 }, deadlineSeconds: 600, selectionSeconds: 600));
        GatedObjective[] objectives = [.. Enumerable.Range(0, 3).Select(number => new GatedObjective(Clouds.Examples((ulong)number), number == 0 ? 22 * 4 : int.MaxValue))];
        Task<SessionSummary[]> running = Task.WhenAll(objectives.Select((objective, number) =>
            _world.Device(server.Grpc, server.EnrolmentToken, jobId, number, objective).RunAsync(Cancellation)));

        // Round 21 is open: the last checkpoint is that before round 16, and five records lie behind it.
        await objectives[0].Reached.WaitAsync(Patience, Cancellation);
        await server.RestartAsync();
        objectives[0].Open();
        SessionSummary[] summaries = await running.WaitAsync(Patience, Cancellation);

        Assert.Single(summaries.Select(summary => summary.StateHash).Distinct());
        Assert.Contains("goes on at round 21 behind version 1", server.Output, StringComparison.Ordinal);
        Assert.Equal("completed", await ExchangeWorld.StatusAsync(server.Administrator, jobId));
        Assert.DoesNotContain("another state", server.Output, StringComparison.Ordinal);
    });
}
