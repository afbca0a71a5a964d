using Federated.Client.Sessions;
using Federated.FunctionalTests.Server;

namespace Federated.FunctionalTests.Exchange;

/// <summary>The server of an exchange is killed (SIGKILL) and started again: the log goes on where it ended, and the devices end in one state.</summary>
public sealed class KilledExchangeTests : IDisposable
{
    private const string Key = "exchange-kill-administrator-key";

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly ExchangeWorld _world = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Kill_BetweenCheckpoints_LogGoesOn()
    {
        string[] settings =
        [
            $"--Data:Directory={_world.Folder("server")}",
            $"--Admin:Key={Key}",
            "--Aggregator:SlotBytes=65536",
            "--Aggregator:SlotCount=8",
            "--Coordination:RestartDelay=00:00:00.1",
        ];
        var server = await ServerProcess.StartAsync([.. settings, "--Endpoints:Rest=http://127.0.0.1:0", "--Endpoints:Grpc=http://127.0.0.1:0"], Cancellation);
        try
        {
            string[] again = [.. settings, $"--Endpoints:Rest={server.Rest}", $"--Endpoints:Grpc={server.Grpc}"];
            using var administrator = new HttpClient { BaseAddress = new Uri(server.Rest) };
            administrator.DefaultRequestHeaders.Add("X-Api-Key", Key);
            string jobId = await ExchangeWorld.CreateJobAsync(
                administrator, ExchangeWorld.Definition(rounds: 60, cohort: 3, new { probes = 2, window = 16, retain = 2 }, deadlineSeconds: 5, selectionSeconds: 20));
            GatedObjective[] objectives = [.. Enumerable.Range(0, 3).Select(number => new GatedObjective(ExchangeWorld.Examples((ulong)number), number == 0 ? 22 * 4 : int.MaxValue))];
            Task<SessionSummary[]> running = Task.WhenAll(objectives.Select((objective, number) =>
                _world.Device(server.Grpc, server.EnrolmentToken, jobId, number, objective).RunAsync(Cancellation)));

            // Round 21 is open: the last checkpoint is that before round 16, and five records lie behind it.
            await objectives[0].Reached.WaitAsync(Patience, Cancellation);
            await server.KillAsync();
            await server.DisposeAsync();
            server = await ServerProcess.StartAsync(again, Cancellation);
            objectives[0].Open();
            SessionSummary[] summaries = await running.WaitAsync(Patience, Cancellation);

            Assert.Single(summaries.Select(summary => summary.StateHash).Distinct());
            Assert.Contains("goes on at round 21 behind version 1", server.Output, StringComparison.Ordinal);
            Assert.Equal("completed", await ExchangeWorld.StatusAsync(administrator, jobId));
            Assert.DoesNotContain("another state", server.Output, StringComparison.Ordinal);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{exception.Message}\n--- the server said last:\n{server.Output}", exception);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }
}
