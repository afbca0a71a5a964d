using System.Collections.Immutable;
using Federated.Client.Algorithms;
using Federated.Client.Compression;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Compression;
using Federated.Coordination.Pruning;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;
using Federated.UnitTests.Anarchic.Masked;
using Federated.UnitTests.Protocol.Pruning;

namespace Federated.UnitTests.Compression;

/// <summary>Error feedback on packed vectors whose mask changes, against memories over the flat vector, element by element.</summary>
public sealed class MaskedFeedbackTests
{
    private const int Clients = 5;
    private const int Rounds = 40;

    private static readonly ModelSchema Schema = new([new("a", [8, 9]), new("b", [8]), new("c", [6, 8])]);

    private readonly Dictionary<uint, float[]> _states = [];
    private readonly Dictionary<uint, (float[] E, float[] H)> _reference = [];
    private readonly Dictionary<uint, double> _weights = [];

    [Theory]
    [InlineData("topk:0.3+econtrol", "mean")]
    [InlineData("topk:0.3+ef21", "mean")]
    [InlineData("randk:0.4+econtrol", "mean")]
    [InlineData("topk:0.3+econtrol", "trimmed-mean")]
    public void Estimates_OverChangesOfTheMask_StayTheirMeanAndStartAtZeroWhereGrown(string up, string rule)
    {
        // Two halves of the coordinates and random ones, so that many are dropped and grown again while clients are away.
        ModelMask[] masks = [.. Enumerable.Range(1, Rounds / 3).Select(epoch => PruningModels.Mask(Schema, 0.2 + (0.1 * (epoch % 4)), (uint)(epoch % 5), epoch))];
        var method = new ScriptedMasks(masks[0], [.. masks.Skip(1).Select((mask, i) => ((i + 1) * 3, mask))]);
        JobDefinition job = new()
        {
            Compression = new CompressionSettings { Up = up },
            Pruning = new PruningSettings { Method = "uniform" },
            Aggregation = new AggregationSettings { Rule = rule, Byzantine = rule == "mean" ? 0 : 1 },
            Round = new RoundSettings { CohortSize = 3 },
        };
        var random = new CounterRandom(4, RandomPurpose.Test);
        var model = new ModelContent(Schema, new float[Schema.ParameterCount]);
        model.Use(masks[0]);
        CompressedServer server = Create(job, method, model);
        int told = 0;
        for (int round = 1; round <= Rounds; round++)
        {
            ModelMask mask = model.Mask!;
            var key = new RoundKey("default", "job", round, TaskKind.Train);
            uint[] cohort = [.. random.Choose(Clients, 3).Select(client => (uint)client).Order()];
            var included = new List<IncludedClient>();
            var kept = new List<KeptSection>();
            double[] sum = new double[mask.PackedCount];
            double total = 0;
            SectionSpec[] sections = [.. server.UpSections(DeviceRoles.Worker)];
            foreach (uint client in cohort)
            {
                LocalTraining settings = server.TrainingFor(key, client, DeviceRoles.Worker);
                told += settings.Regrown.Length > 0 ? 1 : 0;
                float[] g = new float[mask.PackedCount];
                random.FillGaussian(g, 0, 1);
                double weight = 1 + (client % 3);
                float[] sent = Send(mask, sections, settings, client, g, (uint)round, up, out UpdateCommitted update, weight);
                for (int i = 0; i < sum.Length; i++)
                {
                    sum[i] += weight * sent[i];
                }

                total += weight;
                included.Add(new IncludedClient(client, DeviceRoles.Worker, update));
                kept.Add(new KeptSection(update.AssignmentId, SectionRole.Delta, sent));
            }

            bool isMean = rule == "mean";
            var aggregate = new RoundAggregate(
                isMean ? [new AggregatedSection(sections[0], [.. sum.Select(value => (float)(value / total))], [], total)] : [], [.. included.Select(client => client.Update)])
            {
                Clients = included,
                Kept = isMean ? [] : kept,
            };
            aggregate = isMean ? aggregate : server.Combine(key, aggregate, new RuleStart(1, ImmutableDictionary<SectionRole, ReadOnlyMemory<float>>.Empty));
            server.Apply(key, aggregate, model);
            Drop(model.Mask!);
            Check(server, model.Mask!, isMean);
            if (round % 4 == 0)
            {
                byte[] state = server.SaveState()!;
                model = ModelFile.Read(ModelFile.Write(model));
                server = Create(job, method, model, state);
            }
        }

        Assert.Equal(masks.Length, model.Mask!.Epoch);
        Assert.True(told > 5, $"{told}");
    }

    [Fact]
    public void Encode_MemoryOfAnotherModelOrDamaged_IsLost()
    {
        ModelMask mask = PruningModels.Mask(Schema, 0.4, 1);
        var encoder = new UpdateEncoder(Schema, new UpdateCompression { Spec = "topk:0.5+ef21", StateRound = 3 }, mask);
        float[] state = new float[encoder.StateLength];
        state[0] = 3;
        new MaskedMemory(Schema, mask, 1).WriteHeader(state.AsSpan(1));
        Assert.False(encoder.HasLost(state));

        float[] damaged = [.. state];
        damaged[1] = BitConverter.Int32BitsToSingle(int.MaxValue);
        Assert.True(encoder.HasLost(damaged));
        Assert.True(encoder.HasLost(state.AsSpan(0, state.Length - 1)));
        Assert.True(encoder.HasLost([2, .. state.AsSpan(1)]));
        Assert.True(encoder.HasLost([]));
        damaged = [.. state];
        damaged[2] = 1;
        Assert.True(encoder.HasLost(damaged));
        Assert.Throws<InvalidDataException>(() => new UpdateEncoder(
            Schema, new UpdateCompression { Spec = "topk:0.5+ef21", StateRound = 3 }, mask, PackedIndices.Write([mask.PackedCount], mask.PackedCount + 9)));
    }

    private static CompressedServer Create(JobDefinition job, ScriptedMasks method, ModelContent model, byte[]? state = null)
    {
        IServerAlgorithm plain = ServerAlgorithms.BuiltIn.Create(new JobDefinition(), Schema);
        var server = new CompressedServer(new PrunedServer(plain, method, job, Schema), job, Schema);
        if (state is not null)
        {
            server.LoadState(state);
        }

        server.Follow(model);
        return server;
    }

    /// <summary>What the server decodes. The client's memory must be that of the reference, before and after.</summary>
    private float[] Send(
        ModelMask mask, SectionSpec[] sections, LocalTraining settings, uint client, float[] g, uint round, string up, out UpdateCommitted update, double weight)
    {
        UpdateEncoder encoder = UpdateEncoder.For(Schema, settings, mask)!;
        float[] state = _states.GetValueOrDefault(client) ?? [];
        Assert.False(encoder.HasLost(state));
        byte[] payload = new byte[UpdateEncoder.MostBytes(sections)];
        var dense = new ClientUpdate([.. sections.Select(SectionSpecs.Unframed)], new byte[4 * mask.PackedCount]) { Weight = weight };
        g.CopyTo(dense.Floats(SectionRole.Delta));
        float[] next = new float[encoder.StateLength];
        EncodedUpdate encoded = encoder.Encode(dense, state, new CompressionDraw(1, round, client), payload, next);
        Assert.True(encoded.IsFinite);
        float[] sent = new float[mask.PackedCount];
        Frames.Decode(payload, sent);
        _states[client] = next;
        _weights[client] = weight;

        (float[] e, float[] h) = _reference.GetValueOrDefault(client, (new float[Schema.ParameterCount], new float[Schema.ParameterCount]));
        float[] flatSent = new float[h.Length], flatG = new float[h.Length];
        mask.Unpack(sent, flatSent);
        mask.Unpack(g, flatG);
        for (int i = 0; i < h.Length; i++)
        {
            h[i] += flatSent[i];
            e[i] += flatG[i] - h[i];
        }

        _reference[client] = (e, h);
        bool hasError = up.Contains("econtrol", StringComparison.Ordinal);
        float[] expected = hasError ? [.. Packed(mask, e), .. Packed(mask, h)] : Packed(mask, h);
        Assert.Equal(expected, next[^expected.Length..]);
        update = new UpdateCommitted(
            new RoundKey("default", "job", (int)round, TaskKind.Train), $"job-t{round}-{client}", $"device-{client}", "node", "", encoded.Length, 0, weight, 1, double.NaN, 0, 0, DeviceRoles.Worker);
        return sent;
    }

    /// <summary>The mask has changed: whatever is remembered of what was dropped is gone, everywhere.</summary>
    private void Drop(ModelMask mask)
    {
        foreach ((float[] e, float[] h) in _reference.Values)
        {
            mask.Apply(e);
            mask.Apply(h);
        }
    }

    private void Check(CompressedServer server, ModelMask mask, bool isMean)
    {
        Assert.Equal(_reference.Count, server.Members);
        if (isMean)
        {
            float[][] packed = [.. _reference.OrderBy(pair => pair.Key).Select(pair => Packed(mask, pair.Value.H))];
            double[] weights = [.. _reference.Keys.Order().Select(client => _weights[client])];
            Assert.All(server.Estimate.Select((value, i) => (value, i)), pair =>
                Assert.Equal(packed.Zip(weights).Sum(client => client.First[pair.i] * client.Second) / weights.Sum(), pair.value, 1e-5));
            Assert.Equal(mask.PackedCount, server.Estimate.Length);
            return;
        }

        foreach ((uint client, float[] estimate) in server.Estimates)
        {
            Assert.Equal(Packed(mask, _reference[client].H), estimate);
        }
    }

    private static float[] Packed(ModelMask mask, float[] flat)
    {
        float[] packed = new float[mask.PackedCount];
        mask.Pack(flat, packed);
        return packed;
    }
}
