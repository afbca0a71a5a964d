using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Anarchic.AfaCd;

/// <summary>
/// AFA-CD (Yang et al. 2022), convention D: x ← x + η mean(Δ_i / K_i) over the buffer, η the server's rate. Every worker counts once, however stale it is and however many
/// examples it has; nothing is kept of a worker.
/// </summary>
internal sealed class AfaCdServer(JobDefinition job, ModelSchema schema, AnarchicOptions options) : AnarchicServer(job, schema, options)
{
    protected override bool NormalisesSteps => true;

    protected override string? Direct(IReadOnlyList<Arrival> arrivals, ReadOnlySpan<float> parameters, Span<float> direction)
    {
        Mean(arrivals, byExamples: false, direction);
        return null;
    }
}
