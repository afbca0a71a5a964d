using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregator.Functions;
using Federated.Client.Algorithms;
using Federated.Client.Compression;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Compression;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;
using Federated.UnitTests.Aggregation.Robust;
using Federated.UnitTests.Numerics.Compression;

namespace Federated.UnitTests.Compression;

/// <summary>Rules other than the mean under error feedback: the server keeps every client's h, and the rule aggregates those.</summary>
public sealed class EstimateRuleTests
{
    private const int Length = 60;

    private readonly ModelSchema _schema = new([new TensorSpec("x", [Length])]);
    private readonly Dictionary<uint, float[]> _states = [];
    private int _round;

    [Theory]
    [InlineData("topk:0.1+econtrol", "flag")]
    [InlineData("topk:0.1+q4+ef21", "nnm+trimmed-mean")]
    [InlineData("sign:8+ef21-sgdm", "multi-krum")]
    [InlineData("q3:8+econtrol", "centred-clipping:radius=1")]
    [InlineData("topk:0.1+econtrol", "bulyan")]
    public void Combine_SomeOfTheClients_IsTheRuleOverTheEstimatesOfAll(string up, string rule)
    {
        JobDefinition job = Job(up, rule);
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(job, _schema);
        var random = new CounterRandom(4, RandomPurpose.Test);
        float[]? centre = null;
        for (int t = 0; t < 25; t++)
        {
            uint[] clients = [.. random.Choose(11, 8).Select(client => (uint)client)];
            RoundAggregate combined = Step(server, clients);

            // The devices' own memories are what the rule has to see, whoever was there this time.
            float[][] estimates = [.. _states.OrderBy(state => state.Key).Select(state => EstimateOf(up, state.Value))];
            float[] expected = new float[Length];
            RobustAggregate found = RuleCatalog.Create(rule, job.Aggregation.Byzantine * estimates.Length / 8).Aggregate(
                new RobustInput { Updates = RobustData.Memories(estimates), Centre = centre is null ? default(ReadOnlyMemory<float>?) : centre, Seed = 9, Round = (uint)_round }, expected);

            Assert.Equal(expected, combined.Find(SectionRole.Delta)!.Single);
            uint[] known = [.. _states.Keys.Order()];
            Assert.Equal(combined.Clients.Select(client => found.Scores[Array.IndexOf(known, client.ClientIndex)]), combined.Scores.Select(score => score.Trust));
            Assert.Equal(estimates, Compressed(server).Estimates.Values);
            centre = server.Centres.TryGetValue(SectionRole.Delta, out ReadOnlyMemory<float> last) ? last.ToArray() : null;
        }
    }

    [Fact]
    public void Combine_ByTheMedian_IsTheNaiveMedianOfTheEstimates()
    {
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(Job("topk:0.1+econtrol", "median"), _schema);
        for (int t = 0; t < 12; t++)
        {
            RoundAggregate combined = Step(server, [0, 1, 2, 3, 4, (uint)(5 + (t % 2)), 7, 8]);

            float[][] estimates = [.. _states.Values.Select(state => EstimateOf("econtrol", state))];
            for (int k = 0; k < Length; k++)
            {
                double[] sorted = [.. estimates.Select(estimate => (double)estimate[k]).Order()];
                double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
                Assert.Equal(median, combined.Find(SectionRole.Delta)!.Single[k], 1e-6);
            }
        }
    }

    [Fact]
    public void Apply_ClientsThatLostTheirState_AreForgottenAndTheOthersGoOn()
    {
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(Job("topk:0.1+econtrol", "flag"), _schema);
        Step(server, [0, 1, 2, 3, 4, 5, 6, 7]);
        _states.Remove(3);

        Step(server, [0, 1, 2, 3, 4, 5, 6, 7]);
        Assert.Equal([0u, 1, 2, 4, 5, 6, 7], Compressed(server).Estimates.Keys);
        Step(server, [0, 1, 2, 3, 4, 5, 6, 7]);

        Assert.Equal(8, Compressed(server).Estimates.Count);
        AssertBothSidesAgree(server);
    }

    [Fact]
    public void Apply_MoreClientsThanThereIsRoomFor_ForgetsThoseAwayLongest()
    {
        JobDefinition job = Job("topk:0.1+econtrol", "flag");
        job.Compression.EstimateBytes = 9 * 4 * Length;
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(job, _schema);
        Step(server, [0, 1, 2, 3, 4, 5, 6, 7]);
        Step(server, [1, 2, 3, 4, 5, 6, 7, 8]);
        Step(server, [2, 3, 4, 5, 6, 7, 8, 9]);
        Assert.Equal([1u, 2, 3, 4, 5, 6, 7, 8, 9], Compressed(server).Estimates.Keys);

        Step(server, [0, 2, 3, 4, 5, 6, 7, 8]);

        _states.Remove(1);
        Assert.Equal([0u, 2, 3, 4, 5, 6, 7, 8, 9], Compressed(server).Estimates.Keys);
        AssertBothSidesAgree(server);
    }

    [Fact]
    public void LoadState_InTheMiddle_GoesOnBitForBit()
    {
        JobDefinition job = Job("topk:0.1+econtrol", "nnm+centred-clipping:radius=1");
        IServerAlgorithm server = ServerAlgorithms.BuiltIn.Create(job, _schema);
        Step(server, [0, 1, 2, 3, 4, 5, 6, 7]);
        Step(server, [0, 1, 2, 3, 4, 5, 6, 8]);
        byte[] saved = server.SaveState()!;
        Dictionary<uint, float[]> states = new(_states);
        float[] expected = Step(server, [0, 1, 2, 3, 4, 5, 6, 7]).Find(SectionRole.Delta)!.Single;

        IServerAlgorithm other = ServerAlgorithms.BuiltIn.Create(job, _schema);
        other.LoadState(saved);
        other.BeginEpoch(0);
        _states.Clear();
        foreach ((uint client, float[] state) in states)
        {
            _states[client] = state;
        }

        _round--;
        Assert.Equal(expected, Step(other, [0, 1, 2, 3, 4, 5, 6, 7]).Find(SectionRole.Delta)!.Single);
        other.BeginEpoch(1);
        Assert.Empty(Compressed(other).Estimates);
    }

    [Fact]
    public void Validate_EstimatesThatDoNotFit_NamesTheNumbers()
    {
        JobDefinition job = Job("topk:0.1+econtrol", "flag");
        job.Compression.EstimateBytes = 1000;

        string fault = Assert.Single(CompressionNotes.Validate(job, _schema)).ToString();

        Assert.Contains("8 devices of a round times 60 parameters take 1920 bytes, and 1000 are allowed", fault, StringComparison.Ordinal);
        Assert.Empty(CompressionNotes.Validate(Job("topk:0.1+econtrol", "mean"), _schema));
        Assert.Empty(CompressionNotes.Validate(Job("topk:0.1", "flag"), _schema));
    }

    [Theory]
    [InlineData("flag", 1000)]
    [InlineData("mda", 40)]
    public void EstimatesKept_IsWhatTheRuleCanCompare(string rule, int expected)
    {
        JobDefinition job = Job("topk:0.1+econtrol", rule) with { Aggregation = new AggregationSettings { Rule = rule, Byzantine = 2 } };

        Assert.InRange(CompressionNotes.EstimatesKept(job, _schema), 8, expected);
        Assert.Equal(rule == "flag", CompressionNotes.EstimatesKept(job, _schema) == 1000);
    }

    private static CompressedServer Compressed(IServerAlgorithm server) => server switch
    {
        CompressedServer compressed => compressed,
        CentredServer centred => Compressed(centred.Inner),
        _ => throw new ArgumentException("The server compresses nothing."),
    };

    private static JobDefinition Job(string up, string rule) => new()
    {
        Compression = new CompressionSettings { Up = up },
        Aggregation = new AggregationSettings { Rule = rule, Byzantine = 1, Weighting = "uniform" },
        Round = new RoundSettings { CohortSize = 8 },
    };

    private static float[] EstimateOf(string up, float[] state) =>
        up.EndsWith("econtrol", StringComparison.Ordinal) ? state[(1 + Length)..] : state[1..(1 + Length)];

    private void AssertBothSidesAgree(IServerAlgorithm server)
    {
        IReadOnlyDictionary<uint, float[]> estimates = Compressed(server).Estimates;
        Assert.Equal(_states.Keys.Order(), estimates.Keys);
        Assert.All(estimates, pair => Assert.Equal(EstimateOf("econtrol", _states[pair.Key]), pair.Value));
    }

    private RoundAggregate Step(IServerAlgorithm server, uint[] clients)
    {
        _round++;
        var key = new RoundKey("default", "job", _round, TaskKind.Train);
        SectionSpec[] sections = [.. server.UpSections(DeviceRoles.Worker)];
        var sent = new List<(RetainedUpdate Update, IncludedClient Client, float[] NextState)>();
        var lost = new List<uint>();
        foreach (uint client in clients)
        {
            LocalTraining settings = server.TrainingFor(key, client, DeviceRoles.Worker);
            var encoder = new UpdateEncoder(_schema, settings.Compression);
            float[] state = _states.GetValueOrDefault(client) ?? [];
            if (encoder.HasLost(state))
            {
                lost.Add(client);
                continue;
            }

            var update = new ClientUpdate([.. sections.Select(SectionSpecs.Unframed)], new byte[4 * Length]) { Weight = 1 };
            CompressionData.Gaussian(Length, (1000UL * (ulong)_round) + client).Select((value, i) => (0.1f * value) + MathF.Sin(client + i)).ToArray().CopyTo(update.Floats(SectionRole.Delta));
            byte[] payload = new byte[UpdateEncoder.MostBytes(sections)];
            float[] next = new float[encoder.StateLength];
            EncodedUpdate encoded = encoder.Encode(update, state, new CompressionDraw(1, (uint)_round, client), payload, next);
            var committed = new UpdateCommitted(key, $"job-t{_round}-{client}", $"device-{client}", "node", "", encoded.Length, 0, 1, 1, double.NaN, 0, 0);
            sent.Add((new RetainedUpdate(payload.AsMemory(0, encoded.Length), 1), new IncludedClient(client, DeviceRoles.Worker, committed), next));
        }

        var rule = new RetainedAggregation([.. sections], RuleCatalog.Create("mean", 0), 1, server.OwnSections);
        var aggregate = new RoundAggregate([], [.. sent.Select(one => one.Client.Update)])
        {
            Clients = [.. sent.Select(one => one.Client)],
            LostStates = lost,
            Kept = [.. rule.HandOver([.. sent.Select(one => one.Update)]).Select(section => new KeptSection(sent[section.Update].Client.Update.AssignmentId, section.Role, section.Values))],
        };
        RoundAggregate combined = server.Combine(key, aggregate, new RuleStart(9, server.Centres));
        server.Apply(key, combined, new ModelContent(_schema, new float[Length]));
        sent.ForEach(one => _states[one.Client.ClientIndex] = one.NextState);
        return combined;
    }
}
