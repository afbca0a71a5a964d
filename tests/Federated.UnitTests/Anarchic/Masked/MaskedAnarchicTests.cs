using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Anarchic;
using Federated.Coordination.Anarchic.Masked;
using Federated.Coordination.Pruning;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Federated.UnitTests.Protocol.Pruning;

namespace Federated.UnitTests.Anarchic.Masked;

/// <summary>Asynchronous algorithms of sparse models against a naive dense reference, and against each other.</summary>
public sealed class MaskedAnarchicTests
{
    private static readonly ModelSchema Schema = PruningModels.Small;

    public static TheoryData<string> Algorithms => ["afa-cd", "afa-cs", "fedbuff", "fedasync"];

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Trace_WithLateUpdatesFromUnderEarlierMasks_IsThatOfTheDenseReference(string algorithm)
    {
        ModelMask[] masks = [.. Enumerable.Range(1, 6).Select(epoch => PruningModels.Mask(Schema, 0.1 * (1 + (epoch % 4)), (uint)epoch, epoch))];
        (int Version, ModelMask Mask)[] changes = [(3, masks[1]), (4, masks[2]), (9, masks[3]), (15, masks[4]), (16, masks[5])];
        JobDefinition job = Job(algorithm, buffer: 3);
        var random = new CounterRandom(5, RandomPurpose.Test);
        ModelContent model = Start(masks[0]);
        IAnarchicAlgorithm server = Create(job, new ScriptedMasks(masks[0], changes));
        server.Follow(model);
        var reference = new DenseReference(algorithm, [.. model.Parameters.Select(value => (double)value)], DenseReference.Flags(masks[0]));
        List<(float[] Parameters, ModelMask Mask, string Role)> versions = [(model.Parameters.ToArray(), masks[0], server.Role)];
        int carried = 0;

        while (server.Version < 24)
        {
            int pulled = Math.Max(0, (int)server.Version - random.NextInt(7));
            (float[] parameters, ModelMask mask, string role) = versions[pulled];
            float[] delta = new float[mask.PackedCount], flat = new float[mask.ParameterCount];
            random.FillGaussian(delta, 0, 0.1f);
            mask.Unpack(delta, flat);
            (uint client, int steps, double examples) = ((uint)random.NextInt(1000), 1 + random.NextInt(4), 1 + random.NextInt(9));
            client = algorithm == "afa-cs" && server.Buffered == 0 ? client % 6 : (client % 6) + (6 * (uint)server.Buffered);
            if (algorithm == "afa-cs" && pulled < server.Version && random.NextInt(2) == 0)
            {
                // A worker's memory takes nothing older than what it has.
                client += 100 + (uint)versions.Count;
            }

            ArrivalVerdict verdict = server.Offer(new AnarchicUpdate
            {
                Id = $"{server.Version}-{server.Buffered}-{random.NextInt(1 << 20)}",
                ClientIndex = client,
                PulledVersion = pulled,
                Steps = steps,
                Examples = examples,
                Role = role,
                Delta = delta,
                Statistics = new float[8],
                PulledMask = mask,
                PulledParameters = parameters,
            });
            if (verdict == ArrivalVerdict.Superseded)
            {
                continue;
            }

            Assert.Equal(ArrivalVerdict.Buffered, verdict);
            carried += mask.Epoch != model.Mask!.Epoch ? 1 : 0;
            reference.Offer(client, pulled, steps, examples, flat, DenseReference.Flags(mask), parameters);
            if (server.CanAdvance)
            {
                server.Advance(model);
                reference.Advance(DenseReference.Flags(model.Mask!));
                versions.Add((model.Parameters.ToArray(), model.Mask!, server.Role));
                Assert.All(reference.X.Zip(model.Parameters), pair => Assert.Equal(pair.First, pair.Second, 2e-5));
                (server, model) = Restarted(job, new ScriptedMasks(masks[0], changes), server, model);
            }
        }

        Assert.Equal(6, model.Mask!.Epoch);
        Assert.True(carried > 5, $"{carried}");
    }

    [Theory]
    [MemberData(nameof(Algorithms))]
    public void Trace_UnderAMaskOfEverything_IsThatOfTheDenseModelBitForBit(string algorithm)
    {
        ModelMask mask = ModelMask.Full(Schema, 1);
        JobDefinition job = Job(algorithm, buffer: 2);
        ModelContent sparse = Start(mask), dense = new(Schema, [.. sparse.Parameters]);
        IAnarchicAlgorithm one = Create(job, new ScriptedMasks(mask)), other = AnarchicAlgorithms.BuiltIn.Create(job with { Pruning = new PruningSettings() }, Schema);
        one.Follow(sparse);
        for (uint push = 0; push < 40; push++)
        {
            float[] delta = PruningModels.Gaussian(Schema.ParameterCount, push), packed = new float[mask.PackedCount], pulled = [.. dense.Parameters];
            mask.Pack(delta, packed);
            ArrivalVerdict[] verdicts = [.. new[] { (one, packed, (string?)one.Role), (other, delta, null) }.Select(half => half.Item1.Offer(new AnarchicUpdate
            {
                Id = $"{push}",
                ClientIndex = push % 5,
                PulledVersion = Math.Max(0, half.Item1.Version - (push % 3)),
                Steps = 1 + (int)(push % 4),
                Examples = 1 + (push % 2),
                Role = half.Item3,
                Delta = half.Item2,
                Statistics = new float[8],
                PulledMask = mask,
                PulledParameters = pulled,
            }))];
            Assert.Equal(verdicts[0], verdicts[1]);
            if (one.CanAdvance)
            {
                one.Advance(sparse);
                other.Advance(dense);
                Assert.Equal(dense.Parameters, sparse.Parameters);
            }
        }

        Assert.True(one.Version > 8);
    }

    [Fact]
    public void FedBuff_WithoutDelay_AdjustsAsRoundsDo()
    {
        var pruning = new PruningSettings { Method = "fedtiny", Density = 0.1, Candidates = 1, AdjustEvery = 2, StopAdjusting = 20, Blocks = 2 };
        JobDefinition rounds = new() { Pruning = pruning, Round = new RoundSettings { CohortSize = 3 } };
        JobDefinition job = Job("fedbuff", buffer: 3) with { Pruning = pruning, Round = rounds.Round };
        job.Algorithm.Parameters["exponent"] = 0;
        ModelContent model = new(PruningModels.Deep, PruningModels.Gaussian(PruningModels.Deep.ParameterCount, 1)), other = new(PruningModels.Deep, [.. model.Parameters]);
        ModelMask first = PruningMethods.Create(pruning, PruningModels.Deep, job.Seed)!.Candidates(model.Parameters)[0];
        model.Use(first);
        other.Use(first);
        IServerAlgorithm synchronous = ServerAlgorithms.BuiltIn.Create(rounds, PruningModels.Deep);
        IAnarchicAlgorithm asynchronous = AnarchicAlgorithms.BuiltIn.Create(job, PruningModels.Deep);
        synchronous.Follow(model);
        asynchronous.Follow(other);
        for (int round = 1; round <= 8; round++)
        {
            SectionSpec[] sections = [.. synchronous.UpSections("worker")];
            Assert.Equal(sections.Select(section => (section.Role, section.ElementCount, section.MaskEpoch)), asynchronous.UpSections.Select(section => (section.Role, section.ElementCount, section.MaskEpoch)));
            Assert.Equal(synchronous.TrainingFor(new RoundKey("t", "j", round, TaskKind.Train), 0, "worker").Gradients, asynchronous.TrainingFor(0).Gradients);
            double[][] means = [.. sections.Select(section => new double[section.ElementCount])];
            for (uint client = 0; client < 3; client++)
            {
                float[][] sent = [.. sections.Select((section, i) => PruningModels.Gaussian((int)section.ElementCount, (uint)((100 * round) + (10 * client) + i)))];
                double weight = 1 + client;
                for (int s = 0; s < sent.Length; s++)
                {
                    for (int i = 0; i < sent[s].Length; i++)
                    {
                        means[s][i] += weight * sent[s][i] / 6;
                    }
                }

                Assert.Equal(ArrivalVerdict.Buffered, asynchronous.Offer(new AnarchicUpdate
                {
                    Id = $"{round}-{client}",
                    ClientIndex = client,
                    PulledVersion = asynchronous.Version,
                    Steps = 1,
                    Examples = weight,
                    Role = asynchronous.Role,
                    Delta = sent[0],
                    Gradients = sent.Length > 1 ? sent[1] : [],
                }));
            }

            asynchronous.Advance(other);
            synchronous.Apply(new RoundKey("t", "j", round, TaskKind.Train), new RoundAggregate(
                [.. sections.Select((section, i) => new AggregatedSection(section, [.. means[i].Select(value => (float)value)], [], 6))], []), model);
            Assert.Equal(model.Mask!.HashText, other.Mask!.HashText);
            Assert.All(model.Parameters.Zip(other.Parameters), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }

        Assert.Equal(5, model.Mask!.Epoch);
    }

    [Fact]
    public void Adjustment_WithTooFewGradients_WaitsForMore()
    {
        JobDefinition job = Job("fedbuff", buffer: 2) with { Round = new RoundSettings { CohortSize = 4 }, Pruning = new PruningSettings { Method = "feddst", Density = 0.3, AdjustEvery = 2, StopAdjusting = 20, Alpha = 1 } };
        ModelContent model = new(Schema, PruningModels.Gaussian(Schema.ParameterCount, 1));
        IPruningMethod method = PruningMethods.Create(job.Pruning, Schema, 0)!;
        model.Use(method.Candidates(model.Parameters)[0]);
        IAnarchicAlgorithm server = AnarchicAlgorithms.BuiltIn.Create(job, Schema);
        server.Follow(model);
        string plain = server.Role;
        List<(long Epoch, string Role)> path = [];

        for (uint version = 1; version <= 5; version++)
        {
            // One that pulled before the adjustment was due, and one that sends gradients.
            Push(server, model, 2 * version, 0, plain);
            Push(server, model, (2 * version) + 1, server.Version, server.Role);
            server.Advance(model);
            path.Add((model.Mask!.Epoch, server.Role));
            (server, model) = Restarted(job, method, server, model);
        }

        Assert.Equal(
            [(1, "worker-m1-a2"), (1, "worker-m1-a2"), (1, "worker-m1-a2"), (1, "worker-m1-a2"), (2, "worker-m2-a6")],
            path);
    }

    [Fact]
    public void GraNet_WhoseGradientsComeBehindTheLastAdjustment_ReachesItsDensity()
    {
        JobDefinition job = Job("fedbuff", buffer: 2) with { Round = new RoundSettings { CohortSize = 4 }, Pruning = new PruningSettings { Method = "granet", Density = 0.3, AdjustEvery = 2, StopAdjusting = 4 } };
        ModelContent model = new(Schema, PruningModels.Gaussian(Schema.ParameterCount, 1));
        IPruningMethod method = PruningMethods.Create(job.Pruning, Schema, 0)!;
        model.Use(method.Candidates(model.Parameters)[0]);
        IAnarchicAlgorithm server = AnarchicAlgorithms.BuiltIn.Create(job, Schema);
        server.Follow(model);
        string plain = server.Role;
        List<(long Epoch, int Active)> path = [];

        for (uint version = 1; version <= 7; version++)
        {
            // Until the mask changes, every second one pulled before the adjustment was due.
            bool isEarly = model.Mask!.Epoch == 1;
            Push(server, model, 2 * version, isEarly ? 0 : server.Version, isEarly ? plain : server.Role);
            Push(server, model, (2 * version) + 1, server.Version, server.Role);
            server.Advance(model);
            path.Add((model.Mask!.Epoch, model.Mask.ActiveCount));
            (server, model) = Restarted(job, method, server, model);
        }

        int target = LayerBudgets.Total(model.Mask!.Layers, 0.3);
        Assert.Equal([1, 1, 1, 1, 2, 3, 3], path.Select(step => step.Epoch));
        Assert.True(path[4].Active > target, $"{path[4].Active} of {target}");
        Assert.Equal([target, target], path.Skip(5).Select(step => step.Active));
    }

    [Fact]
    public void Offer_FromUnderAnEarlierMask_IsRefusedWhereTheJobSaysSo()
    {
        ModelMask first = PruningModels.Mask(Schema, 0.3, 1), second = PruningModels.Mask(Schema, 0.3, 2, 2);
        JobDefinition job = Job("afa-cd", buffer: 1) with { Pruning = new PruningSettings { Method = "uniform", Stale = PruningSettings.Refuse } };
        ModelContent model = Start(first);
        IAnarchicAlgorithm server = Create(job, new ScriptedMasks(first, (1, second)));
        server.Follow(model);
        string role = server.Role;

        Assert.Equal(ArrivalVerdict.Buffered, Push(server, model, 1, 0, role, first));
        server.Advance(model);

        Assert.Equal(ArrivalVerdict.OtherMask, Push(server, model, 2, 0, role, first));
        Assert.Equal(server.Role, Assert.Single(server.Forms).Role);
        Assert.Equal(ArrivalVerdict.Buffered, Push(server, model, 3, 1, server.Role, second));
    }

    [Fact]
    public void Forms_OfVersionsBeyondTheBoundOfStaleness_Go()
    {
        ModelMask first = PruningModels.Mask(Schema, 0.3, 1), second = PruningModels.Mask(Schema, 0.2, 2, 2);
        JobDefinition job = Job("afa-cd", buffer: 1);
        job.Algorithm.Parameters["maxStaleness"] = 2;
        ModelContent model = Start(first);
        IAnarchicAlgorithm server = Create(job, new ScriptedMasks(first, (2, second)));
        server.Follow(model);
        List<int> forms = [];

        for (uint push = 1; push <= 5; push++)
        {
            Push(server, model, push, server.Version, server.Role, model.Mask);
            server.Advance(model);
            forms.Add(server.Forms.Length);
        }

        // The first mask was that of versions 0 and 1, which nothing may start from once version 4 is made.
        Assert.Equal([1, 2, 2, 1, 1], forms);
        Assert.True(server.Forms.All(form => form.MaskEpoch == 2));
    }

    // Deterministic, unlike a time: what a plan takes grows with the forms as they do.
    [Fact]
    public void FormsOf_HundredsOfMasksThatUpdatesMayBeUnder_TakesMemoryInProportion()
    {
        long few = BytesOfForms(100), many = BytesOfForms(800);

        Assert.InRange(many, few, 16 * few);
    }

    [Fact]
    public void Validate_AsynchronousWithPruning_SaysWhatDoesNotGoTogether()
    {
        JobDefinition job = Job("afa-cs", buffer: 1) with { Round = new RoundSettings { CohortSize = 1, Population = 3 } };

        Assert.Empty(AnarchicAlgorithms.BuiltIn.Validate(job with { Pruning = new PruningSettings { Method = "fedtiny", Candidates = 1, Stale = PruningSettings.Remap } }));
        Assert.Equal("pruning.candidates", Assert.Single(AnarchicAlgorithms.BuiltIn.Validate(job with { Pruning = new PruningSettings { Method = "fedtiny" } })).Path);
        Assert.Empty(AnarchicAlgorithms.BuiltIn.Validate(job with { Pruning = new PruningSettings { Method = "uniform" }, ServerOptimizer = new() { Name = "adam" } }));
        Assert.Equal(
            "pruning.stale",
            Assert.Single(ServerAlgorithms.BuiltIn.Validate(new JobDefinition { Pruning = new PruningSettings { Method = "uniform", Stale = PruningSettings.Remap } })).Path);
        Assert.Equal("pruning.stale", Assert.Single(JobDefinitionValidator.Validate(new JobDefinition { Pruning = new PruningSettings { Stale = "keep" } })).Path);
    }

    /// <summary>Bytes that are allocated for the forms of a plan, when each of so many versions had a mask of its own.</summary>
    private static long BytesOfForms(int versions)
    {
        (int Version, ModelMask Mask)[] changes = [.. Enumerable.Range(1, versions - 1).Select(version => (version, PruningModels.Mask(Schema, 0.2, (uint)version, version + 1)))];
        ModelMask first = PruningModels.Mask(Schema, 0.2, 0);
        JobDefinition job = Job("afa-cd", buffer: 1);
        job.Algorithm.Parameters["maxStaleness"] = 1000;
        ModelContent model = Start(first);
        MaskedAnarchic server = Create(job, new ScriptedMasks(first, changes));
        server.Follow(model);
        for (uint push = 1; push < versions; push++)
        {
            Push(server, model, push, server.Version, server.Role, model.Mask);
            server.Advance(model);
        }

        var rounds = new BufferedRounds(job, server);
        long before = GC.GetAllocatedBytesForCurrentThread();
        ImmutableArray<UpdateForm> forms = RoundPlans.FormsOf(TaskKind.Train, rounds);
        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Equal(versions, forms.Length);
        return bytes;
    }

    private static JobDefinition Job(string algorithm, int buffer)
    {
        var settings = new AlgorithmSettings { Name = algorithm };
        if (algorithm != "fedasync")
        {
            settings.Parameters["buffer"] = buffer;
        }

        if (algorithm == "afa-cs")
        {
            settings.Parameters["absent"] = 2;
        }

        return new JobDefinition { Algorithm = settings, Round = new RoundSettings { CohortSize = 1 }, Pruning = new PruningSettings { Method = "uniform" } };
    }

    private static ModelContent Start(ModelMask mask)
    {
        var model = new ModelContent(Schema, PruningModels.Gaussian(Schema.ParameterCount, 1));
        model.Use(mask);
        return model;
    }

    private static MaskedAnarchic Create(JobDefinition job, IPruningMethod method) =>
        new((AnarchicServer)AnarchicAlgorithms.BuiltIn.Create(job with { Pruning = new PruningSettings() }, Schema), method, job);

    private static (IAnarchicAlgorithm Server, ModelContent Model) Restarted(JobDefinition job, IPruningMethod method, IAnarchicAlgorithm server, ModelContent model)
    {
        MaskedAnarchic next = Create(job, method);
        next.LoadState(server.SaveState());
        ModelContent read = ModelFile.Read(ModelFile.Write(model));
        next.Follow(read);
        return (next, read);
    }

    private static ArrivalVerdict Push(IAnarchicAlgorithm server, ModelContent model, uint id, long pulled, string role, ModelMask? mask = null)
    {
        AnarchicForm? form = server.Forms.FirstOrDefault(form => form.Role == role);
        return server.Offer(new AnarchicUpdate
        {
            Id = $"{id}",
            ClientIndex = id,
            PulledVersion = pulled,
            Steps = 1,
            Examples = 1,
            Role = role,
            Delta = PruningModels.Gaussian((mask ?? model.Mask!).PackedCount, id),
            Statistics = new float[8],
            PulledMask = mask ?? model.Mask,
            Gradients = form?.Sections.FirstOrDefault(section => section.Role == SectionRole.TopK) is { } section ? PruningModels.Gaussian((int)section.ElementCount, id + 50) : [],
        });
    }
}
