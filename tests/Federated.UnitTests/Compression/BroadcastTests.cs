using System.Numerics.Tensors;
using Federated.Coordination.Compression;
using Federated.Numerics;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.UnitTests.Compression;

/// <summary>The down-link: what devices hold follows the server's model, and nothing that a step leaves out is lost.</summary>
public sealed class BroadcastTests
{
    private static readonly ModelSchema Schema = new([new("w", [20, 30]), new("b", [20])]);

    [Theory]
    [InlineData("topk:0.1")]
    [InlineData("topk:0.2:layer")]
    [InlineData("randk:0.1")]
    [InlineData("q4")]
    [InlineData("q2s")]
    [InlineData("sign:64")]
    [InlineData("svd:2")]
    [InlineData("bf16")]
    public void Follow_AModelThatStandsStill_ReachesIt(string down)
    {
        ModelContent start = Model(1);
        Broadcast broadcast = Broadcast.Of(Job(down), start)!;
        ModelContent target = Model(2);
        double before = Owed(broadcast, target);

        for (uint round = 1; round <= 400; round++)
        {
            broadcast.Follow(target, round);
        }

        Assert.True(Owed(broadcast, target) < 1e-3 * before, $"{Owed(broadcast, target)} of {before}");
    }

    [Theory]
    [InlineData("topk:0.1")]
    [InlineData("q4")]
    public void Follow_TheStepsAppliedElsewhere_GiveTheSameBits(string down)
    {
        ModelContent start = Model(1);
        Broadcast broadcast = Broadcast.Of(Job(down), start)!;
        var device = new ModelContent(Schema, [.. start.Parameters]);

        for (uint round = 1; round <= 20; round++)
        {
            ModelDifference.Apply(broadcast.Follow(Model(round), round), device);
        }

        Assert.Equal(ModelFile.Write(broadcast.Held), ModelFile.Write(device));
    }

    [Fact]
    public void Follow_OneStep_LeavesWhatTheCompressorLeaves()
    {
        // Top-1 of (3, -5, 1) is -5: devices are owed (3, 0, 1).
        var schema = new ModelSchema([new("w", [3])]);
        Broadcast broadcast = Broadcast.Of(Job("topk:0.34"), new ModelContent(schema, [1, 1, 1]))!;

        broadcast.Follow(new ModelContent(schema, [4, -4, 2]), 1);

        Assert.Equal([1, -4, 1], broadcast.Held.Parameters);
        Assert.Equal(Math.Sqrt(10), Owed(broadcast, new ModelContent(schema, [4, -4, 2])), 1e-6);
    }

    [Fact]
    public void Of_AJobWithoutCompression_IsNothing() => Assert.Null(Broadcast.Of(Job("none"), Model(1)));

    [Fact]
    public void Chain_AsManyStepsAsAreSmallerThanTheModel_AreKept()
    {
        BroadcastChain chain = new("m0", 100);
        for (int i = 1; i <= 5; i++)
        {
            chain = chain.Then($"m{i}", 100, $"s{i}", 30);
        }

        Assert.Equal(["m2", "m3", "m4"], chain.Links.Select(link => link.BaseBlobId));
        Assert.Equal(0, chain.BytesFrom("m5"));
        Assert.Equal(30, chain.BytesFrom("m4"));
        Assert.Equal(90, chain.BytesFrom("m2"));
        Assert.Equal(100, chain.BytesFrom("m1"));
        Assert.Equal(100, chain.BytesFrom(null));
    }

    [Fact]
    public void Chain_Saved_ComesBackWithTheAlgorithmsState()
    {
        BroadcastChain chain = new BroadcastChain("m0", 100).Then("m1", 104, "s1", 30).Then("m2", 104, "s2", 20);

        BroadcastChain loaded = BroadcastChain.Load(chain.Save([1, 2, 3]), out byte[] algorithm);

        Assert.Equal([1, 2, 3], algorithm);
        Assert.Equal(("m2", 104L), (loaded.BlobId, loaded.ByteLength));
        Assert.Equal(chain.Links, loaded.Links);
        BroadcastChain.Load(chain.Save(null), out algorithm);
        Assert.Empty(algorithm);
    }

    [Fact]
    public void Chain_MoreStepsThanATaskLists_KeepsTheNewest()
    {
        BroadcastChain chain = new("m0", 1_000_000);
        for (int i = 1; i <= 200; i++)
        {
            chain = chain.Then($"m{i}", 1_000_000, $"s{i}", 1);
        }

        Assert.Equal(BroadcastChain.MostLinks, chain.Links.Length);
        Assert.Equal("s200", chain.Links[^1].BlobId);
    }

    private static double Owed(Broadcast broadcast, ModelContent model) => TensorPrimitives.Distance<float>(model.Parameters, broadcast.Held.Parameters);

    private static JobDefinition Job(string down) => new() { Seed = 5, Compression = new CompressionSettings { Down = down } };

    private static ModelContent Model(uint seed)
    {
        var random = new CounterRandom(seed, RandomPurpose.Initialisation);
        return new ModelContent(Schema, [.. Enumerable.Range(0, Schema.ParameterCount).Select(_ => (float)random.NextGaussian())]);
    }
}
