using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Client.Algorithms;
using Federated.Client.Compression;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Compression;
using Federated.Coordination.Tier;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Compression;

/// <summary>
/// A server half and client encoders of the platform around gradients that a test makes: a client's difference is g, and the model becomes x + H, so that a
/// test steps by handing in g = −γ∇f.
/// </summary>
internal sealed class FeedbackFederation
{
    private readonly ModelSchema _schema;
    private readonly JobDefinition _job;
    private readonly Dictionary<uint, float[]> _states = [];
    private int _epoch;

    public FeedbackFederation(string up, int length, Action<CompressionSettings>? configure = null, string weighting = "uniform")
    {
        _schema = new ModelSchema([new TensorSpec("x", [length])]);
        var compression = new CompressionSettings { Up = up };
        configure?.Invoke(compression);
        _job = new JobDefinition { Compression = compression, Aggregation = new AggregationSettings { Weighting = weighting } };
        Server = Create();
        Model = new ModelContent(_schema, new float[length]);
    }

    public IServerAlgorithm Server { get; private set; }

    public ModelContent Model { get; private set; }

    public float[] X => Model.Parameters;

    public int Round { get; private set; }

    public float[] Estimate => ((CompressedServer)Server).Estimate;

    public int Members => ((CompressedServer)Server).Members;

    public long Bytes { get; private set; }

    /// <summary>A client's memory behind the round's number: e, h and the like; null before its first update.</summary>
    public float[]? Memory(uint client) => _states.TryGetValue(client, out float[]? state) ? state[1..] : null;

    public void Lose(uint client) => _states.Remove(client);

    public void Restore(uint client, float[] memory, int round) => _states[client] = [round, .. memory];

    /// <summary>One round. Clients whose answer is lost keep their old memory and are not counted.</summary>
    public IReadOnlyList<uint> Step(IReadOnlyDictionary<uint, float[]> gradients, Func<uint, double>? weightOf = null, IReadOnlySet<uint>? unanswered = null)
    {
        Round++;
        var key = new RoundKey("default", "job", Round, TaskKind.Train);
        SectionSpec[] sections = [.. Server.UpSections(DeviceRoles.Worker)];
        var accumulator = new UpdateAccumulator(
            [new SectionShape(
                ElementType.Float32,
                X.Length,
                sections[0].Denominator == SectionDenominator.Weight ? Denominator.Weight : Denominator.Updates,
                sections[0].Codec == SectionCodec.Frame ? FrameSections.Decoder : null)],
            1);
        var included = new List<IncludedClient>();
        var lost = new List<uint>();
        var next = new Dictionary<uint, float[]>();
        foreach ((uint client, float[] g) in gradients.OrderBy(pair => pair.Key))
        {
            LocalTraining settings = Server.TrainingFor(key, client, DeviceRoles.Worker);
            var encoder = new UpdateEncoder(_schema, settings.Compression);
            float[] state = _states.GetValueOrDefault(client) ?? [];
            if (encoder.HasLost(state))
            {
                lost.Add(client);
                continue;
            }

            byte[] payload = new byte[UpdateEncoder.MostBytes(sections)];
            var update = new ClientUpdate([.. sections.Select(SectionSpecs.Unframed)], new byte[4 * X.Length]) { Weight = weightOf?.Invoke(client) ?? 1 };
            g.CopyTo(update.Floats(SectionRole.Delta));
            float[] nextState = new float[encoder.StateLength];
            EncodedUpdate encoded = encoder.Encode(update, state, new CompressionDraw(1, (uint)Round, client), payload, nextState);
            Assert.True(encoded.IsFinite);
            if (unanswered?.Contains(client) == true)
            {
                continue;
            }

            accumulator.Accumulate(payload.AsSpan(0, encoded.Length), update.Weight);
            Bytes += encoded.Length;
            next[client] = nextState;
            included.Add(new IncludedClient(client, DeviceRoles.Worker, new UpdateCommitted(
                key, $"job-t{Round}-{client}", $"device-{client}", "node", "", encoded.Length, 0, update.Weight, 1, double.NaN, 0, 0)));
        }

        if (included.Count == 0)
        {
            // Abandoned: the epoch rises, what clients have saved is void.
            _states.Clear();
            Server.BeginEpoch(++_epoch);
            return lost;
        }

        AggregateReport report = accumulator.Report();
        var aggregate = new RoundAggregate(
            [new AggregatedSection(sections[0], report.Sections[0].Single, [], report.Sections[0].Divisor)], [.. included.Select(client => client.Update)])
        {
            Clients = included,
            LostStates = lost,
        };
        Server.Apply(key, aggregate, Model);
        foreach ((uint client, float[] state) in next)
        {
            _states[client] = state;
        }

        return lost;
    }

    /// <summary>What a restart of everything leaves: the saved state, the model, the clients' files.</summary>
    public void Reload()
    {
        byte[] state = Server.SaveState() ?? [];
        Server = Create();
        Server.LoadState(state);
        Server.BeginEpoch(_epoch);
        Model = ModelFile.Read(ModelFile.Write(Model));
    }

    private IServerAlgorithm Create() => ServerAlgorithms.BuiltIn.Create(_job, _schema);
}
