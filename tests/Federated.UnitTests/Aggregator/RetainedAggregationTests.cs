using System.Runtime.InteropServices;
using Federated.Aggregation.Accumulators;
using Federated.Aggregation.Robust.Catalog;
using Federated.Aggregator.Functions;
using Federated.Client.Compression;
using Federated.Protocol.Codecs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Aggregator;

public sealed class RetainedAggregationTests
{
    private static readonly RoundKey Round = new("tenant", "job", 3, TaskKind.Train);

    [Fact]
    public void Report_GramRule_GivesTheWeightedSumAndTheScores()
    {
        RetainedUpdate[] updates = [Update(1, 1, 2), Update(1, 1.1f, 2), Update(1, 0.9f, 2), Update(1, 100, -50), Update(1, 1, 2.1f)];

        RetainedReport report = Aggregation("multi-krum", 1, Section(SectionRole.Delta, 2)).Report(Round, updates);

        Assert.Equal([1.0f, 2.025f], report.Sections[0].Single);
        Assert.Equal([0.25, 0.25, 0.25, 0, 0.25], report.Scores.Select(score => score.Coefficient!.Value));
        Assert.Equal(3, report.Scores.ToList().IndexOf(report.Scores.MinBy(score => score.Trust)));
    }

    [Fact]
    public void Report_CoordinateRule_HasTrustAndNoCoefficients()
    {
        RetainedUpdate[] updates = [Update(1, 1), Update(1, 2), Update(1, 1000)];

        RetainedReport report = Aggregation("median", 1, Section(SectionRole.Delta, 1)).Report(Round, updates);

        Assert.Equal([2f], report.Sections[0].Single);
        Assert.All(report.Scores, score => Assert.Null(score.Coefficient));
        Assert.Equal([-1, 0, -998], report.Scores.Select(score => score.Trust));
    }

    [Fact]
    public void Report_StatisticsAndSums_AreTrimmedAndScaled()
    {
        RetainedUpdate[] updates = [Update(1, 1, 10, 4), Update(1, 1, 20, 4), Update(1, 1, 1e6f, 4)];

        RetainedReport report = Aggregation(
            "flag", 1,
            Section(SectionRole.Delta, 1),
            Section(SectionRole.BnStatistics, 1),
            SectionSpecs.Dense(SectionRole.Gradient, SectionDType.F32, 1, SectionDenominator.None)).Report(Round, updates);

        Assert.Equal(20f, report.Sections[1].Single[0]);
        Assert.Equal(12f, report.Sections[2].Single[0], 1e-4f);
        Assert.Equal((3.0, 1.0), (report.Sections[0].Divisor, report.Sections[2].Divisor));
    }

    [Theory]
    [InlineData("topk:0.1", "flag")]
    [InlineData("topk:0.05+q8", "nnm+geometric-median")]
    [InlineData("randk:0.2", "multi-krum")]
    [InlineData("topk:0.1", "clipping:bound=2+mean")]
    public void Report_SparseFramesUnderAGramRule_IsThatOfTheDecodedUpdates(string up, string rule)
    {
        const int Length = 500;
        SectionSpec section = SectionSpecs.Framed(Section(SectionRole.Delta, Length));
        var compressor = new VectorCompressor(CompressionSpec.Parse(up), CompressionLayout.Of(new ModelSchema([new TensorSpec("w", [Length])])));
        float[][] decoded = new float[9][];
        var updates = new RetainedUpdate[9];
        for (int k = 0; k < updates.Length; k++)
        {
            float[] update = [.. Enumerable.Range(0, Length).Select(i => MathF.Sin(i) + (0.3f * MathF.Cos((i * k) + k)))];
            byte[] frame = new byte[UpdateEncoder.MostBytes([section])];
            int length = compressor.Compress(update, new CompressionDraw(1, 3, (uint)k), frame);
            updates[k] = new RetainedUpdate(frame.AsMemory(0, length), 1 + k);
            Frames.Decode(frame, decoded[k] = new float[Length]);
        }

        RetainedReport sparse = Aggregation(rule, 2, section).Report(Round, updates);
        RetainedReport dense = Aggregation(rule, 2, Section(SectionRole.Delta, Length)).Report(
            Round, [.. decoded.Select((update, k) => new RetainedUpdate(MemoryMarshal.AsBytes(update.AsSpan()).ToArray(), 1 + k))]);

        Assert.All(dense.Sections[0].Single.Zip(sparse.Sections[0].Single), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.All(dense.Scores.Zip(sparse.Scores), pair => Assert.Equal(pair.First.Coefficient!.Value, pair.Second.Coefficient!.Value, 1e-5));
    }

    [Fact]
    public void Report_ClaimedWeights_CountUpToTheMedian()
    {
        RetainedUpdate[] updates = [Update(1, 0), Update(10, 1), Update(1e9, 2)];

        RetainedReport byWeight = Aggregation("nnm+mean", 0, Section(SectionRole.Delta, 1)).Report(Round, updates);
        RetainedReport alike = Aggregation("nnm+mean", 0, SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, 1, SectionDenominator.Updates)).Report(Round, updates);

        // With f = 0 every mixed vector is the mean of all, so weights change nothing there; without mixing the cap is seen.
        Assert.Equal(1f, byWeight.Sections[0].Single[0], 1e-6f);
        Assert.Equal(1f, alike.Sections[0].Single[0], 1e-6f);
        Assert.Equal((10 + 20) / 21f, Aggregation("clipping:bound=1000+mean", 0, Section(SectionRole.Delta, 1)).Report(Round, updates).Sections[0].Single[0], 1e-6f);
    }

    [Fact]
    public void Report_TooFewUpdates_SaysWhichNumberIsWrong()
    {
        string message = Assert.Throws<ArgumentException>(() => Aggregation("krum", 2, Section(SectionRole.Delta, 1)).Report(Round, [Update(1, 0), Update(1, 1)])).Message;

        Assert.Contains("at least 5 updates", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_RandomRule_IsFixedBySeedAndRound()
    {
        RetainedUpdate[] updates = [.. Enumerable.Range(0, 9).Select(i => Update(1, i * i))];
        SectionSpec section = Section(SectionRole.Delta, 1);
        float Of(ulong seed, int round) =>
            new RetainedAggregation([section], RuleCatalog.Create("bucketing:size=3+median", 1), seed).Report(Round with { Round = round }, updates).Sections[0].Single[0];

        Assert.Equal(Of(5, 1), Of(5, 1));
        Assert.True(Enumerable.Range(1, 8).Select(round => Of(5, round)).Distinct().Count() > 1);
        Assert.True(Enumerable.Range(1, 8).Select(seed => Of((ulong)seed, 1)).Distinct().Count() > 1);
    }

    private static SectionSpec Section(SectionRole role, int count) => SectionSpecs.Dense(role, SectionDType.F32, count, SectionDenominator.Weight);

    private static RetainedAggregation Aggregation(string rule, int byzantine, params SectionSpec[] sections) => new([.. sections], RuleCatalog.Create(rule, byzantine), seed: 1);

    private static RetainedUpdate Update(double weight, params float[] values) => new(MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), weight);
}
