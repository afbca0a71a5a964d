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
        if (CompressionSpec.Parse(job.Compression.Down).IsActive && !factory.StartsNearby)
        {
            yield return new JobDefinitionError(
                "compression.down", $"'{job.Compression.Down}' makes devices start from a model near the server's; the vectors of '{job.Algorithm.Name}' are tied to the server's own. Leave it out.");
        }

        var spec = CompressionSpec.Parse(job.Compression.Up);
        if (!spec.IsActive)
        {
            yield break;
        }

        if (spec.TracksEstimates && !factory.AveragesDeltas)
        {
            yield return new JobDefinitionError(
                "compression.up", $"'{job.Compression.Up}' needs an algorithm whose DELTA section is a mean; '{job.Algorithm.Name}' sums it in another way.");
        }
    }
}
