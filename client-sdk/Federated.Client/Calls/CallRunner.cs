using Grpc.Core;
using Polly;
using Polly.CircuitBreaker;

namespace Federated.Client.Calls;

/// <summary>
/// Runs calls with time limits and retries. What is final comes out as <see cref="RpcException"/> for the caller to judge; an
/// outage that lasts too long as <see cref="FederatedClientException"/>.
/// </summary>
internal sealed class CallRunner(RetryOptions options, RetryPipelines pipelines, TimeProvider timeProvider, CallObserver observer)
{
    /// <param name="address">The server's base address, which chooses the circuit breaker.</param>
    /// <param name="call">The call's name, for people.</param>
    /// <param name="limit">How long an attempt may stand still.</param>
    /// <param name="attempt">One attempt; called again after a transient failure.</param>
    /// <param name="cancellationToken">Ends the call and its retries.</param>
    public async Task<T> RunAsync<T>(
        Uri address, string call, TimeSpan limit, Func<CallAttempt, Task<T>> attempt, CancellationToken cancellationToken)
    {
        var budget = new RetryBudget(options.GiveUpAfter, timeProvider);
        ResilienceContext context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, cancellationToken);
        try
        {
            context.Properties.Set(RetryPipelines.Budget, budget);
            context.Properties.Set(RetryPipelines.OnRetry, (failure, delay) => observer.Retrying(address, call, failure, delay));
            return await pipelines.For(address)
                .ExecuteAsync(async c => await AttemptAsync(limit, budget, attempt, c.CancellationToken).ConfigureAwait(false), context)
                .ConfigureAwait(false);
        }
        catch (RpcException e) when (TransientFailures.IsUntrusted(e))
        {
            throw new FederatedClientException(
                FederatedClientReason.ServerUntrusted,
                $"The certificate of {address} is not trusted: {e.Status.DebugException!.GetBaseException().Message} "
                + $"If it is right all the same, name its authority with {nameof(FederatedClientOptions.TrustedCertificatesFile)}.",
                e);
        }
        catch (Exception e) when (e is BrokenCircuitException || (e is RpcException r && TransientFailures.IsTransient(r.StatusCode)))
        {
            throw new FederatedClientException(
                FederatedClientReason.ServerUnreachable,
                $"{call} at {address} failed {budget.Failures} times without progress for {options.GiveUpAfter}; the last failure: {Describe(e)}",
                e);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>The cause of a failure in a few words.</summary>
    public static string Describe(Exception failure) =>
        failure is not RpcException rpc ? failure.Message
        : rpc.Status.DebugException is { } cause ? $"{rpc.StatusCode}: {rpc.Status.Detail} {cause.GetBaseException().Message}"
        : $"{rpc.StatusCode}: {rpc.Status.Detail}";

    private async Task<T> AttemptAsync<T>(
        TimeSpan limit, RetryBudget budget, Func<CallAttempt, Task<T>> attempt, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var watch = new StallWatch(limit, timeProvider, cancellationToken);
        try
        {
            return await attempt(new CallAttempt([], watch, budget)).ConfigureAwait(false);
        }
        catch (Exception e) when (IsCancellation(e) && cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (Exception e) when (IsCancellation(e) && watch.Stalled)
        {
            throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"nothing moved for {limit.TotalSeconds:0.#} s", e));
        }
        catch (OperationCanceledException e)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "the server ended the call", e));
        }
    }

    private static bool IsCancellation(Exception e) =>
        e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled };
}
