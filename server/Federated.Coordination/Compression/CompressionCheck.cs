using Federated.Coordination.Algorithms;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;

namespace Federated.Coordination.Compression;

/// <summary>What of a definition does not go with compression.</summary>
internal static class CompressionCheck
{
    /// <summary>Errors; the settings themselves are valid.</summary>
    public static IEnumerable<JobDefinitionError> Validate(JobDefinition job, IServerAlgorithmFactory factory)
    {
        var spec = CompressionSpec.Parse(job.Compression.Up);
        if (!spec.IsActive)
        {
            yield break;
        }

        if (!AggregationRules.IsMean(job))
        {
            yield return new JobDefinitionError(
                "compression.up", $"'{job.Compression.Up}' goes with the rule mean only; the rule is '{job.Aggregation.Rule}'.");
        }

        if (spec.TracksEstimates && !factory.AveragesDeltas)
        {
            yield return new JobDefinitionError(
                "compression.up", $"'{job.Compression.Up}' needs an algorithm whose DELTA section is a mean; '{job.Algorithm.Name}' sums it in another way.");
        }
    }
}
