using System.Globalization;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Compression;
using Federated.Coordination.Pruning;
using Federated.Coordination.Rounds;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Simulation.Engine;

/// <summary>Bytes that the clients of a round carry, and the versions of the model that they hold.</summary>
internal sealed class CohortTraffic
{
    private readonly IServerAlgorithm _algorithm;
    private readonly VirtualDownLink? _downLink;
    private readonly MaskedLink? _maskedLink;
    private Dictionary<string, long> _up = [];
    private Dictionary<string, long> _down = [];

    public CohortTraffic(JobDefinition job, IServerAlgorithm algorithm, ModelContent initial)
    {
        _algorithm = algorithm;
        _downLink = VirtualDownLink.Of(job, initial);
        _maskedLink = _downLink is null && initial.Mask is { } mask ? new MaskedLink("0", ModelFile.SizeOf(initial), mask) : null;
    }

    /// <summary>What the clients lack of the model that the last round made; null without a compressed down-link.</summary>
    public double? Owed => _downLink?.Owed;

    private BroadcastHolders? Holders => _downLink?.Holders ?? _maskedLink?.Holders;

    /// <summary>What clients train from: the model, or what a compressed down-link has let them have of it.</summary>
    public ModelContent StartOf(ModelContent model) => _downLink?.Held ?? model;

    /// <summary>Sizes depend on role and mask alone; measuring a model file for every client would cost more than a small client's training.</summary>
    public void Fit(ModelContent model)
    {
        _up = _algorithm.Roles.ToDictionary(
            role => role, role => WireSizes.Planned(model, _algorithm.UpSections(role), _algorithm.TrainingFor(new RoundKey("", "", 0, TaskKind.Train), 0, role)), StringComparer.Ordinal);
        _down = _algorithm.Roles.ToDictionary(role => role, role => WireSizes.Down(model, _algorithm.DownSections(role)), StringComparer.Ordinal);
    }

    /// <summary>Bytes of an upload before it is made.</summary>
    public long PlannedUp(Assignment assignment) => _up[assignment.Role];

    /// <summary>Bytes of an upload.</summary>
    public long Up(Assignment assignment, ClientTaskResult result) => result.Encoded is { } encoded ? WireSizes.Up(encoded.Sections) : _up[assignment.Role];

    /// <summary>Bytes that a client has to download.</summary>
    public long Down(Assignment assignment) => _down[assignment.Role] + (Holders is null ? 0 : Holders.BytesFor(assignment.ClientIndex) - Holders.Chain.ByteLength);

    /// <summary>Bytes that all clients of a round have downloaded; those who were counted hold its model.</summary>
    public long Down(IEnumerable<Assignment> assignments)
    {
        long bytes = 0;
        foreach (Assignment assignment in assignments)
        {
            bytes += Down(assignment);
            if (assignment.State == AssignmentState.Counted)
            {
                Holders?.Took(assignment.ClientIndex);
            }
        }

        return bytes;
    }

    /// <summary>A round has made the next model; who holds a sparse one knows its mask.</summary>
    public void Follow(ModelContent model, int round)
    {
        _downLink?.Follow(model, round);
        if (_maskedLink is not null)
        {
            string name = round.ToString(CultureInfo.InvariantCulture);
            _maskedLink.Prepare(model, name, ModelFile.SizeOf(model), name, _maskedLink.StepTo(model).Length);
            _maskedLink.Committed();
        }
    }
}
