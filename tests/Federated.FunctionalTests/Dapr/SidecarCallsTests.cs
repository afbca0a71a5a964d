using Dapr;
using Federated.Aggregator.Hosting.Dapr;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Federated.FunctionalTests.Dapr;

/// <summary>Calls to a sidecar that is away for a while.</summary>
public sealed class SidecarCallsTests
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(8);

    private readonly FakeTimeProvider _time = new();
    private readonly SidecarOutages _outages;
    private readonly SidecarCalls _calls;

    public SidecarCallsTests()
    {
        _outages = new SidecarOutages(_time);
        _calls = new SidecarCalls(Options.Create(new DaprOptions()), _outages, _time, NullLogger<SidecarCalls>.Instance);
    }

    // Who waits for signs of life has to know, or takes everybody for lost after a call that took long.
    [Fact]
    public async Task Run_OutageThatTheCallOutlasts_IsNoted()
    {
        int calls = 0;
        Task<int> answer = _calls.RunAsync(_ => ++calls == 1 ? throw NotThere() : Task.FromResult(calls), TestContext.Current.CancellationToken);
        Assert.False(answer.IsCompleted);
        _time.Advance(Silence);

        Assert.Equal(2, await answer);
        Assert.True(_outages.AreOver(Silence - TimeSpan.FromSeconds(1)));
        Assert.False(_outages.AreOver(Silence + TimeSpan.FromSeconds(1)));
    }

    [Fact]
    public async Task Run_OutageThatOutlastsTheCall_IsNotedAndTold()
    {
        Task<int> answer = _calls.RunAsync<int>(
            _ =>
            {
                _time.Advance(new DaprOptions().SidecarTimeout);
                throw NotThere();
            },
            TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<DaprException>(() => answer);
        Assert.False(_outages.AreOver(Silence));
    }

    [Fact]
    public async Task Run_SidecarAnswers_NotesNothing()
    {
        await _calls.RunAsync(_ => Task.FromResult(true), TestContext.Current.CancellationToken);

        Assert.True(_outages.AreOver(TimeSpan.MaxValue));
    }

    private static DaprException NotThere() => new("The call failed.", new RpcException(new Status(StatusCode.Unavailable, "Connection refused")));
}
