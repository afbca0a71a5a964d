using System.Numerics.Tensors;
using Federated.Aggregation.Robust.Catalog;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Rounds;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Compression;

/// <summary>
/// The estimate h of every client, under a rule that compares clients: what they send are corrections, which cannot be compared, so the rule aggregates the estimates of all clients
/// that have taken part. Each takes 4 bytes a parameter here, and in the state of a model version.
/// </summary>
/// <remarks>
/// There is room for a number of clients. When more take part, those that have been away longest are forgotten, and begin anew with their next task.
/// </remarks>
internal sealed class EstimateTable
{
    // The inner products of more would take longer than a round; rules over subsets end earlier.
    private const int MostClients = 1000;

    private readonly JobDefinition _job;
    private int _length;
    private readonly SortedDictionary<uint, float[]> _estimates = [];

    public EstimateTable(JobDefinition job, ModelSchema schema)
    {
        _job = job;
        _length = schema.ParameterCount;
        Capacity = CapacityOf(job, schema);
    }

    /// <summary>Clients that there is room for.</summary>
    public int Capacity { get; }

    /// <summary>The estimates by client.</summary>
    public IReadOnlyDictionary<uint, float[]> Estimates => _estimates;

    /// <summary>What is wrong with the room that a definition gives; null when a round fits.</summary>
    public static JobDefinitionError? Fault(JobDefinition job, ModelSchema schema)
    {
        int target = RoundTerms.ForTraining(job).Target;
        long needed = BytesOf(schema) * target;
        return needed <= job.Compression.EstimateBytes ? null : new JobDefinitionError(
            "compression.estimateBytes",
            FormattableString.Invariant($"the rule '{job.Aggregation.Rule}' compares the estimates of clients, which the server keeps under '{job.Compression.Up}': {target} devices of a round times {schema.ParameterCount} parameters take {needed} bytes, and {job.Compression.EstimateBytes} are allowed. Raise it, make the cohort smaller, or take a compressor without estimates."));
    }

    /// <summary>Adds what clients sent to their estimates, in place, and aggregates those of all clients by the rule.</summary>
    /// <param name="round">The round.</param>
    /// <param name="aggregate">What the tier gave.</param>
    /// <param name="spec">The section that is sent.</param>
    /// <param name="start">What the rule needs beside it.</param>
    /// <param name="members">Weights of the clients.</param>
    /// <exception cref="ArgumentException">The rule cannot work with so many clients.</exception>
    public RoundAggregate Combine(RoundKey round, RoundAggregate aggregate, SectionSpec spec, RuleStart start, EstimateMembers members)
    {
        var vectors = new SortedDictionary<uint, (float[] Estimate, double Weight)>();
        foreach ((uint client, float[] estimate) in _estimates)
        {
            vectors[client] = (estimate, members.WeightOf(client));
        }

        foreach ((IncludedClient client, float[] values) in SentOf(aggregate, spec.Role))
        {
            if (_estimates.TryGetValue(client.ClientIndex, out float[]? before))
            {
                TensorPrimitives.Add(before, values, values);
            }

            vectors[client.ClientIndex] = (values, client.Update.Weight);
        }

        if (vectors.Count == 0)
        {
            return aggregate;
        }

        float[] destination = GC.AllocateUninitializedArray<float>(_length);
        RobustAggregate found = AggregationRules.Of(_job, vectors.Count).Aggregate(
            new RobustInput
            {
                Updates = [.. vectors.Values.Select(vector => (ReadOnlyMemory<float>)vector.Estimate)],
                Weights = spec.Denominator == SectionDenominator.Weight ? MedianWeights.Cap([.. vectors.Values.Select(vector => vector.Weight)]) : null,
                Centre = start.Centres.TryGetValue(spec.Role, out ReadOnlyMemory<float> centre) ? centre : default(ReadOnlyMemory<float>?),
                Seed = start.Seed,
                Round = (uint)round.Round,
            },
            destination);
        uint[] order = [.. vectors.Keys];
        return aggregate with
        {
            Sections = [new AggregatedSection(spec, destination, [], vectors.Count), .. aggregate.Sections],
            Scores = [.. aggregate.Clients.Select(client => ScoreOf(found, Array.BinarySearch(order, client.ClientIndex)))],
        };
    }

    /// <summary>The estimates that <see cref="Combine"/> has made become those of their clients.</summary>
    public void TakeIn(RoundAggregate aggregate, SectionRole role)
    {
        foreach ((IncludedClient client, float[] values) in SentOf(aggregate, role))
        {
            _estimates[client.ClientIndex] = values;
        }
    }

    /// <summary>Vectors of another length are aggregated: those of a packed model.</summary>
    /// <exception cref="InvalidDataException">What was loaded has another length.</exception>
    public void Use(int length)
    {
        _length = length;
        if (_estimates.Values.FirstOrDefault(estimate => estimate.Length != length) is { } unfit)
        {
            throw new InvalidDataException($"An estimate has {unfit.Length} elements, the mask of the model {length}.");
        }
    }

    /// <summary>Carries every estimate to another mask.</summary>
    public void Carry(MaskRemap remap)
    {
        foreach (uint client in (uint[])[.. _estimates.Keys])
        {
            _estimates[client] = remap.Map<float>(_estimates[client]);
        }

        _length = remap.ToCount;
    }

    public void Forget(uint client) => _estimates.Remove(client);

    public void Clear() => _estimates.Clear();

    public void Save(AlgorithmState state)
    {
        foreach ((uint client, float[] estimate) in _estimates)
        {
            state.Add<float>(PartOf(client), estimate);
        }
    }

    public void Load(AlgorithmState state, IEnumerable<uint> clients)
    {
        _estimates.Clear();
        foreach (uint client in clients)
        {
            // How long the vectors of a sparse model are shows with its mask.
            float[] estimate = _job.Pruning.IsActive ? state.Read<float>(PartOf(client)) : new float[_length];
            state.Read<float>(PartOf(client), estimate);
            _estimates[client] = estimate;
        }
    }

    private static int CapacityOf(JobDefinition job, ModelSchema schema)
    {
        int capacity = RoundTerms.ForTraining(job).Target;
        long most = Math.Min(MostClients, job.Compression.EstimateBytes / Math.Max(1, BytesOf(schema)));
        while (capacity < most && AggregationRules.Of(job, capacity + 1).Fault(capacity + 1) is null)
        {
            capacity++;
        }

        return capacity;
    }

    private static long BytesOf(ModelSchema schema) => sizeof(float) * (long)schema.ParameterCount;

    private static IEnumerable<(IncludedClient Client, float[] Values)> SentOf(RoundAggregate aggregate, SectionRole role)
    {
        Dictionary<string, IncludedClient> clients = aggregate.Clients.ToDictionary(client => client.Update.AssignmentId, StringComparer.Ordinal);
        return aggregate.Kept.Where(section => section.Role == role).Select(section => (clients[section.AssignmentId], section.Values));
    }

    private static UpdateScore ScoreOf(RobustAggregate found, int position) => position < 0
        ? default
        : new UpdateScore(found.Coefficients?[position], double.IsFinite(found.Scores[position]) ? found.Scores[position] : 0);

    private static string PartOf(uint client) => FormattableString.Invariant($"h {client}");
}
