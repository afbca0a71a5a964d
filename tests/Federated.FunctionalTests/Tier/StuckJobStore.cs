using System.Reflection;
using Federated.Coordination.Persistence;

namespace Federated.FunctionalTests.Tier;

/// <summary>Knows one active job, and does not answer whoever takes it over.</summary>
public class StuckJobStore : DispatchProxy
{
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod?.Name switch
    {
        nameof(IJobStore.ListActiveAsync) => Task.FromResult<IReadOnlyList<JobKey>>([new JobKey("default", "job")]),
        nameof(IJobStore.AcquireAsync) => NeverAsync((CancellationToken)args![1]!),
        var name => throw new NotSupportedException(name),
    };

    private static async Task<JobSnapshot?> NeverAsync(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return null;
    }
}
