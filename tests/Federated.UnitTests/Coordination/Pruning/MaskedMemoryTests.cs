using Federated.Client.Algorithms;
using Federated.Client.Pruning;
using Federated.Client.Training;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Pruning;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Federated.UnitTests.Anarchic.Masked;
using Federated.UnitTests.Protocol.Pruning;

namespace Federated.UnitTests.Coordination.Pruning;

/// <summary>
/// Algorithms whose clients and server remember vectors, under masks that drop coordinates and grow them again while clients are away: what the server keeps stays the mean of what its clients keep,
/// dropped coordinates out of both.
/// </summary>
public sealed class MaskedMemoryTests
{
    private const int Clients = 5;
    private const int Rounds = 36;

    private static readonly ModelSchema Schema = new([new("a", [8, 9]), new("b", [8]), new("c", [6, 8])]);

    [Theory]
    [InlineData("scaffold", 0)]
    [InlineData("feddyn", 0)]
    [InlineData("fedamd", 0)]
    [InlineData("fedamd", 1)]
    public void Memories_OverChangesOfTheMask_StayOneAnothersMean(string algorithm, double serverHeld)
    {
        ModelMask[] masks = [.. Enumerable.Range(1, Rounds / 3).Select(epoch => PruningModels.Mask(Schema, 0.2 + (0.1 * (epoch % 4)), (uint)(epoch % 5), epoch))];
        var method = new ScriptedMasks(masks[0], [.. masks.Skip(1).Select((mask, i) => ((i + 1) * 3, mask))]);
        var job = new JobDefinition
        {
            Algorithm = new AlgorithmSettings { Name = algorithm },
            Pruning = new PruningSettings { Method = "uniform" },
            Local = new LocalSettings { Epochs = 0, Steps = 2, LearningRate = 0.05 },
            Round = new RoundSettings { CohortSize = 3, Population = Clients },
        };
        if (algorithm == "fedamd")
        {
            (job.Algorithm.Parameters["lazy"], job.Algorithm.Parameters["probability"], job.Algorithm.Parameters["serverHeld"]) = (1, 0.4, serverHeld);
        }

        var random = new CounterRandom(6, RandomPurpose.Test);
        var model = new ModelContent(Schema, new float[Schema.ParameterCount]);
        model.Use(masks[0]);
        PrunedServer server = Create(job, method, model);
        var states = new Dictionary<uint, float[]>();
        var reference = new SortedDictionary<uint, float[]>();
        int told = 0;
        for (int round = 1; round <= Rounds; round++)
        {
            ModelMask mask = model.Mask!;
            var key = new RoundKey("t", "j", round, TaskKind.Train);
            var sums = new Dictionary<SectionRole, (SectionSpec Spec, double[] Sum, int Number)>();
            var included = new List<IncludedClient>();
            var kept = new List<KeptSection>();
            foreach (uint client in random.Choose(Clients, 3).Select(client => (uint)client).Order())
            {
                string role = server.RoleOf(key, client);
                LocalTraining settings = server.TrainingFor(key, client, role);
                told += settings.Regrown.Length > 0 ? 1 : 0;
                (ClientUpdate update, float[] state) = Work(algorithm, client, round, role, settings, server, model, states.GetValueOrDefault(client));
                string id = $"{round}-{client}";
                foreach (SectionSpec section in server.UpSections(role))
                {
                    double[] values = section.Dtype == SectionDType.F64 ? update.Doubles(section.Role).ToArray() : [.. update.Floats(section.Role).ToArray().Select(value => (double)value)];
                    (SectionSpec _, double[] sum, int number) = sums.GetValueOrDefault(section.Role, (section, new double[values.Length], 0));
                    sums[section.Role] = (section, [.. sum.Zip(values, (one, other) => one + other)], number + 1);
                    if (server.KeptSections.Contains(section.Role))
                    {
                        kept.Add(new KeptSection(id, section.Role, update.Floats(section.Role).ToArray()));
                    }
                }

                states[client] = state;
                if (serverHeld == 1 && role == "anchor")
                {
                    float[] flat = new float[Schema.ParameterCount];
                    mask.Unpack(update.Floats(SectionRole.Gradient), flat);
                    reference[client] = flat;
                }
                else if (serverHeld == 0 && (algorithm != "fedamd" || state[^1] == 1))
                {
                    reference[client] = state[..Schema.ParameterCount];
                }

                included.Add(new IncludedClient(client, role, new UpdateCommitted(key, id, $"device-{client}", "node", "", 0, 0, 1, 1, double.NaN, 0, 0, role)));
            }

            var aggregate = new RoundAggregate(
                [.. sums.Values.Select(section => Section(section.Spec, section.Sum, section.Number))], [.. included.Select(client => client.Update)])
            {
                Clients = included,
                Kept = kept,
            };
            server.Apply(key, aggregate, model);
            foreach (float[] memory in reference.Values)
            {
                model.Mask!.Apply(memory);
            }

            Assert.All(Remembered(algorithm, server, model.Mask!).Select((value, i) => (value, i)), pair =>
                Assert.Equal(reference.Values.Sum(memory => (double)memory[pair.i]) / (algorithm == "fedamd" ? reference.Count : Clients), pair.value, 1e-4));
            if (round % 4 == 0)
            {
                byte[]? state = server.SaveState();
                model = ModelFile.Read(ModelFile.Write(model));
                server = Create(job, method, model, state);
            }
        }

        Assert.Equal(masks.Length, model.Mask!.Epoch);
        Assert.True(told > 5, $"{told}");
    }

    [Fact]
    public void Regrown_ClientThatSentNoDifferenceSince_IsToldOfAllThatItsFeedbackMayRemember()
    {
        ModelMask first = PruningModels.Mask(Schema, 0.5, 1), second = PruningModels.Mask(Schema, 0.5, 2, 2), third = first.With(3, [.. Enumerable.Range(0, 2).Select(l => first.Active(l).ToArray())]);
        var job = new JobDefinition
        {
            Algorithm = new AlgorithmSettings { Name = "fedamd", Parameters = { ["serverHeld"] = 1, ["lazy"] = 1 } },
            Compression = new CompressionSettings { Up = "topk:0.3+ef21" },
            Pruning = new PruningSettings { Method = "uniform" },
        };
        var model = new ModelContent(Schema, new float[Schema.ParameterCount]);
        model.Use(first);
        var server = new PrunedServer(
            ServerAlgorithms.BuiltIn.Create(job with { Pruning = new PruningSettings(), Compression = new CompressionSettings() }, Schema), new ScriptedMasks(first, (2, second), (3, third)), job, Schema);
        server.Follow(model);
        RoundKey Key(int round) => new("t", "j", round, TaskKind.Train);
        (uint Client, string Role)[][] cohorts = [[(0, "miner"), (1, "miner")], [], [], [(0, "anchor"), (2, "miner")]];
        for (int round = 1; round <= cohorts.Length; round++)
        {
            IncludedClient[] clients = [.. cohorts[round - 1].Select(one => new IncludedClient(one.Client, one.Role, Update(Key(round), one)))];
            KeptSection[] kept = [.. clients.Where(one => one.Role == "anchor").Select(one => new KeptSection(one.Update.AssignmentId, SectionRole.Gradient, new float[model.Mask!.PackedCount]))];
            server.Apply(Key(round), new RoundAggregate([], []) { Clients = clients, Kept = kept }, model);
        }

        int[] grown = PackedIndices.Read(server.TrainingFor(Key(5), 1, "miner").Regrown.Span, third.PackedCount);
        Assert.Equal(third.PackedCount - MaskRemap.Between(second, third).SharedCount, grown.Length);
        Assert.NotEmpty(grown);
        Assert.Equal(grown, PackedIndices.Read(server.TrainingFor(Key(5), 0, "miner").Regrown.Span, third.PackedCount));
        Assert.True(server.TrainingFor(Key(5), 2, "miner").Regrown.IsEmpty);

        static UpdateCommitted Update(RoundKey key, (uint Client, string Role) one) => new(key, $"{key.Round}-{one.Client}", $"device-{one.Client}", "node", "", 0, 0, 1, 1, double.NaN, 0, 0, one.Role);
    }

    [Theory]
    [InlineData("momentum")]
    [InlineData("adam")]
    [InlineData("adagrad")]
    public void ServerOptimizer_OverAChangeOfTheMask_BeginsGrownWeightsAsAtTheStart(string optimizer)
    {
        ModelMask first = PruningModels.Mask(Schema, 0.5, 1), second = PruningModels.Mask(Schema, 0.5, 2, 2), third = first.With(3, [.. Enumerable.Range(0, 2).Select(l => first.Active(l).ToArray())]);
        var job = new JobDefinition { Pruning = new PruningSettings { Method = "uniform" }, ServerOptimizer = new ServerOptimizerSettings { Name = optimizer, LearningRate = 0.1, BiasCorrection = false } };
        var model = new ModelContent(Schema, new float[Schema.ParameterCount]);
        model.Use(first);
        PrunedServer server = Create(job, new ScriptedMasks(first, (3, second), (4, third)), model);

        for (int round = 1; round <= 5; round++)
        {
            float[] before = [.. model.Parameters];
            SectionSpec section = server.UpSections("worker")[0];
            server.Apply(new RoundKey("t", "j", round, TaskKind.Train), new RoundAggregate([Section(section, [.. Enumerable.Repeat(1.0, (int)section.ElementCount)], 1)], []), model);
            if (round == 5)
            {
                // What was never dropped has taken more steps; what came back takes the first one once more.
                float once = FirstStep(job);
                Assert.All(Enumerable.Range(0, 72).Where(i => first.IsActive(0, i) && !second.IsActive(0, i)), i => Assert.Equal(once, model.Parameters[i] - before[i], 1e-6));
                Assert.All(Enumerable.Range(0, 72).Where(i => first.IsActive(0, i) && second.IsActive(0, i)), i => Assert.NotEqual(once, model.Parameters[i] - before[i], 1e-4));
            }
        }
    }

    private static float FirstStep(JobDefinition job)
    {
        IServerAlgorithm dense = ServerAlgorithms.BuiltIn.Create(job with { Pruning = new PruningSettings() }, Schema);
        var model = new ModelContent(Schema, new float[Schema.ParameterCount]);
        dense.Apply(new RoundKey("t", "j", 1, TaskKind.Train), new RoundAggregate([Section(dense.UpSections("worker")[0], [.. Enumerable.Repeat(1.0, Schema.ParameterCount)], 1)], []), model);
        return model.Parameters[0];
    }

    private static PrunedServer Create(JobDefinition job, ScriptedMasks method, ModelContent model, byte[]? state = null)
    {
        var server = new PrunedServer(ServerAlgorithms.BuiltIn.Create(job with { Pruning = new PruningSettings() }, Schema), method, job, Schema);
        if (state is not null)
        {
            server.LoadState(state);
        }

        server.Follow(model);
        return server;
    }

    private static (ClientUpdate Update, float[] State) Work(
        string algorithm, uint client, int round, string role, LocalTraining settings, PrunedServer server, ModelContent model, float[]? state)
    {
        var half = new MaskedClient(ClientAlgorithms.Find(algorithm)!, model.Mask!);
        SectionSpec[] sections = [.. half.Sections(model.Schema, settings, role)];
        float[] next = new float[half.StateLength(model.Schema, settings)];
        var update = new ClientUpdate(sections, new byte[ClientUpdate.PayloadLength(sections)], next);
        DownSection[] down = [.. server.DownSections(role)];
        Assert.All(down, section => Assert.Equal((model.Mask!.PackedCount, (ulong)model.Mask.Epoch), (section.Values.Length, section.Spec.MaskEpoch)));
        ClientOutcome outcome = half.Run(
            new ClientTask
            {
                Schema = model.Schema,
                Parameters = model.Parameters,
                Settings = settings,
                Role = role,
                Round = (uint)round,
                DownSections = down.ToDictionary(section => section.Spec.Role, section => section.Values),
                State = state,
            },
            new SgdSolver(new Bowl(PruningModels.Gaussian(Schema.ParameterCount, 70 + client))),
            update,
            TestContext.Current.CancellationToken);
        Assert.Equal(ClientOutcome.Completed, outcome);
        return (update, next);
    }

    /// <summary>What the server keeps for all clients, over the flat vector.</summary>
    private static float[] Remembered(string algorithm, PrunedServer server, ModelMask mask)
    {
        if (algorithm == "feddyn")
        {
            AlgorithmState inner = AlgorithmState.Parse(AlgorithmState.Parse(server.SaveState(), "pruned").Bytes("inner"), "feddyn");
            return inner.Read<float>("mean");
        }

        float[] flat = new float[mask.ParameterCount];
        mask.Unpack(Assert.Single(server.DownSections(algorithm == "fedamd" ? "miner" : "worker")).Values.Span, flat);
        return flat;
    }

    private static AggregatedSection Section(SectionSpec spec, double[] sum, int number)
    {
        double divisor = spec.Denominator == SectionDenominator.None ? 1 : number;
        return spec.Dtype == SectionDType.F64
            ? new AggregatedSection(spec, [], [.. sum.Select(value => value / divisor)], divisor)
            : new AggregatedSection(spec, [.. sum.Select(value => (float)(value / divisor))], [], divisor);
    }

    /// <summary>½‖x − c‖², one example.</summary>
    private sealed class Bowl(float[] centre) : IObjective
    {
        public int ParameterCount => centre.Length;

        public int ExampleCount => 1;

        public double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient)
        {
            for (int i = 0; i < gradient.Length; i++)
            {
                gradient[i] = parameters[i] - centre[i];
            }

            return 1;
        }

        public double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch) => 1;

        public Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default) => new(1, 0, 1);
    }
}
