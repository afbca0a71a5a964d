namespace Federated.Coordination.Persistence;

/// <summary>
/// The right to write a job, given by <see cref="IJobStore.AcquireAsync"/>. Every write carries it and changes nothing when a
/// higher epoch has been given out since.
/// </summary>
/// <param name="Job">The job.</param>
/// <param name="Epoch">The fencing epoch.</param>
public readonly record struct WriterLease(JobKey Job, long Epoch);
