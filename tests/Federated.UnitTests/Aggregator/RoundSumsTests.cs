using System.Runtime.InteropServices;
using CsCheck;
using Federated.Aggregator;
using Federated.Aggregator.Functions;
using Federated.Aggregator.Journal;
using Federated.Aggregator.Rounds;
using Federated.Aggregator.Workers;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;
using Federated.UnitTests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Federated.UnitTests.Aggregator;

public sealed class RoundSumsTests : IDisposable
{
    private const int Elements = 40;

    private static readonly RoundKey Key = new("default", "job", 1, TaskKind.Train);
    private readonly AggregatorMetrics _metrics = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _metrics.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Offer_AnyLeavesWorkersAndOrder_LeavesOnePartialWithTheExactTotals() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[1, 6], Gen.Int[1, 4], Gen.Int[1, 5]).Sample(
            (updates, leaves, workers, perLeaf) =>
            {
                using NodeUnderTest node = Start(workers);
                int released = 0;
                RoundSums sums = Sums(node, leaves, perLeaf, _ => Interlocked.Increment(ref released));

                Parallel.For(0, updates, i => sums.Offer(Input(i)));
                sums.QuietAsync().Wait(TestContext.Current.CancellationToken);

                AggregationFunction partial = sums.Partial()!;
                Assert.Equal(updates, released);
                Assert.Equal(updates, partial.Count);
                Assert.Equal(1, node.Functions.Registry.Resting);
                Assert.Equal(0, node.Functions.Registry.Spare);
                for (int k = 0; k < Elements; k++)
                {
                    double exact = Enumerable.Range(0, updates).Sum(i => (i + 1.0) * Value(i, k)) / Enumerable.Range(1, updates).Sum();
                    Assert.Equal(exact, partial.Report()[0].Single[k], 1e-6);
                }

                sums.Release();
                Assert.Equal(0, node.Functions.Registry.Resting);
            },
            iter: 60);

    [Fact]
    public async Task Offer_SeveralLeaves_ShareTheSumsOfTheRoundToTheBit()
    {
        const int Length = 5 * 64 * 1024;
        SectionSpec section = SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, Length, SectionDenominator.Weight);
        float[] one = await SumAsync(leaves: 1), several = await SumAsync(leaves: 4);

        Assert.Equal(one, several);

        async Task<float[]> SumAsync(int leaves)
        {
            using NodeUnderTest node = Start(workers: 4);
            RoundSums sums = Sums(node, leaves, 1, _ => { }, section);
            using var hold = new ManualResetEventSlim();
            for (int i = 0; i < 4; i++)
            {
                node.Functions.Workers.Run(() => hold.Wait(TestContext.Current.CancellationToken));
            }

            // All wait before the first is summed, so that batches are the same however many leaves there are.
            for (int i = 0; i < 11; i++)
            {
                sums.Offer(Input(i, Length));
            }

            hold.Set();
            await sums.QuietAsync();
            Assert.Equal(0, node.Functions.Registry.Spare);
            return sums.Partial()!.Report()[0].Single;
        }
    }

    [Fact]
    public async Task Release_NextRoundOfTheSameShape_UsesTheMemoryAgain()
    {
        using NodeUnderTest node = Start(workers: 1);
        RoundSums first = Sums(node, 1, 2, _ => { });
        first.Offer(Input(1));
        await first.QuietAsync();
        first.Release();

        RoundSums second = Sums(node, 1, 2, _ => { });
        second.Offer(Input(2));
        await second.QuietAsync();

        Assert.Equal(0, node.Functions.Registry.Spare);
        Assert.Equal(Value(2, 5), second.Partial()!.Report()[0].Single[5]);
    }

    [Fact]
    public async Task Offer_UpdateThatCannotBeSummed_SpoilsTheRoundAndReleasesAll()
    {
        using NodeUnderTest node = Start(workers: 1);
        int released = 0;
        Exception? fault = null;
        var sums = new RoundSums(node.Functions, Sections, 2, 2, () => false, _ => Interlocked.Increment(ref released), found => fault = found);

        sums.Offer(Input(1) with { Payload = Payload([1, 2, 3, 4]) });
        await sums.QuietAsync();

        Assert.IsType<ArgumentException>(fault);
        Assert.Equal(1, released);
    }

    private static System.Collections.Immutable.ImmutableArray<SectionSpec> Sections { get; } =
        [SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, Elements, SectionDenominator.Weight)];

    private static float Value(int update, int k) => MathF.Sin((update * 31) + k);

    private LeafInput Input(int update, int length = Elements)
    {
        float[] values = [.. Enumerable.Range(0, length).Select(k => Value(update, k))];
        return new LeafInput(
            new UpdateCommitted(Key, $"a{update}", "d", "n", "", 0, 0, update + 1, 1, 0, 0, 0), Payload(MemoryMarshal.AsBytes(values.AsSpan()).ToArray()), [0]);
    }

    private StoredPayload Payload(byte[] bytes)
    {
        string path = _folder.At($"{Guid.NewGuid():N}");
        File.WriteAllBytes(path, bytes);
        return new StoredPayload(new SpooledPayload(File.OpenHandle(path), bytes.Length));
    }

    private static RoundSums Sums(NodeUnderTest node, int leaves, int perLeaf, Action<LeafInput> onSummed, params SectionSpec[] sections) => new(
        node.Functions, sections.Length == 0 ? Sections : [.. sections], leaves, perLeaf, () => false,
        input =>
        {
            input.Payload.Release();
            onSummed(input);
        },
        fault => Assert.Fail(fault.Message));

    private NodeUnderTest Start(int workers)
    {
        var registry = new FunctionRegistry(workers + 1);
        var pool = new WorkerPool(0, workers, TimeSpan.FromMinutes(1), registry.DropSpare, _metrics, TimeProvider.System, NullLogger.Instance);
        return new NodeUnderTest(new NodeFunctions(
            pool, workers, registry, new NodeLoadMeter(TimeProvider.System), _metrics, TimeProvider.System, NullLogger.Instance));
    }

    private sealed record NodeUnderTest(NodeFunctions Functions) : IDisposable
    {
        public void Dispose() => Functions.Workers.Dispose();
    }
}
