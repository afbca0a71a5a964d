using System.Collections.Concurrent;
using Federated.Coordination.Persistence;

namespace Federated.Coordination.Jobs;

/// <summary>The jobs whose coordinators run here now, and the tenants of which one has ended.</summary>
internal sealed class ActiveJobs
{
    private readonly ConcurrentDictionary<JobKey, SupervisedJob> _jobs = new();
    private readonly ConcurrentDictionary<string, JobKey> _endedTenants = new(StringComparer.Ordinal);

    public IEnumerable<KeyValuePair<JobKey, SupervisedJob>> All => _jobs;

    public SupervisedJob? Find(JobKey key) => _jobs.GetValueOrDefault(key);

    /// <summary>False when the job is here already.</summary>
    public bool TryAdd(JobKey key, SupervisedJob job)
    {
        if (!_jobs.TryAdd(key, job))
        {
            return false;
        }

        _endedTenants.TryRemove(key.TenantId, out _);
        return true;
    }

    public void Ended(JobKey key)
    {
        _endedTenants[key.TenantId] = key;
        _jobs.TryRemove(key, out _);
    }

    /// <summary>Whether a job of the tenant has ended here, and none has begun since.</summary>
    public bool HaveEnded(string tenantId) => _endedTenants.ContainsKey(tenantId);
}
