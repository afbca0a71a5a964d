using System.Collections.Concurrent;
using Grpc.Core;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace Federated.Client.Calls;

/// <summary>One pipeline an address: retries with exponential back-off and jitter outside, a circuit breaker inside.</summary>
internal sealed class RetryPipelines(RetryOptions options, TimeProvider timeProvider, Jitter jitter)
{
    public static readonly ResiliencePropertyKey<RetryBudget> Budget = new("retry-budget");
    public static readonly ResiliencePropertyKey<Action<Exception, TimeSpan>> OnRetry = new("on-retry");

    private static readonly TimeSpan SamplingWindow = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Uri, ResiliencePipeline> _byAddress = new();

    public ResiliencePipeline For(Uri address) => _byAddress.GetOrAdd(address, _ => Build());

    private ResiliencePipeline Build() =>
        new ResiliencePipelineBuilder { TimeProvider = timeProvider }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = int.MaxValue,
                Delay = options.BaseDelay,
                MaxDelay = options.MaxDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Randomizer = jitter.Next,
                ShouldHandle = args => ValueTask.FromResult(ShouldRetry(args)),
                DelayGenerator = args => ValueTask.FromResult(AskedFor(args.Outcome.Exception)),
                OnRetry = args =>
                {
                    args.Context.Properties.GetValue(OnRetry, static (_, _) => { })(args.Outcome.Exception!, args.RetryDelay);
                    return ValueTask.CompletedTask;
                },
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                FailureRatio = 0.5,
                MinimumThroughput = options.CircuitFailures,
                SamplingDuration = SamplingWindow,
                BreakDuration = options.CircuitBreak,
                ShouldHandle = static args =>
                    ValueTask.FromResult(args.Outcome.Exception is RpcException e && TransientFailures.IsOutage(e.StatusCode)),
            })
            .Build();

    private static bool ShouldRetry(RetryPredicateArguments<object> args)
    {
        bool transient = args.Outcome.Exception switch
        {
            RpcException e => TransientFailures.IsTransient(e.StatusCode) && !TransientFailures.IsUntrusted(e),
            BrokenCircuitException => true,
            _ => false,
        };
        return transient
            && args.Context.Properties.TryGetValue(Budget, out RetryBudget? budget)
            && budget.AllowsAnother();
    }

    /// <summary>The server's or the breaker's delay, up to a quarter longer so that devices do not come back together.</summary>
    private TimeSpan? AskedFor(Exception? failure)
    {
        TimeSpan? asked = failure switch
        {
            RpcException e => TransientFailures.RetryAfter(e),
            BrokenCircuitException e => e.RetryAfter,
            _ => null,
        };
        return asked is { } delay ? jitter.Stretch(delay) : null;
    }
}
