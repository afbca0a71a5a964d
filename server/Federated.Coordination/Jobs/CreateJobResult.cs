using System.Collections.Immutable;
using Federated.Coordination.Persistence;
using Federated.Protocol.Jobs;

namespace Federated.Coordination.Jobs;

/// <summary>What became of the wish to create a job.</summary>
/// <param name="Job">The job; null when it was not created.</param>
/// <param name="Errors">Everything that is wrong; empty when the job was created.</param>
public sealed record CreateJobResult(JobRecord? Job, ImmutableArray<JobDefinitionError> Errors);
