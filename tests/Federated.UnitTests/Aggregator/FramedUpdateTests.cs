using System.Buffers;
using System.Buffers.Binary;
using Federated.Aggregator;
using Federated.Aggregator.Ingest;
using Federated.Aggregator.Rounds;
using Federated.Protocol.Codecs;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;
using Federated.UnitTests.Numerics.Compression;

namespace Federated.UnitTests.Aggregator;

/// <summary>Compressed sections on their way through a node: checked when they come in, added without a dense copy.</summary>
public sealed class FramedUpdateTests : NodeFixture
{
    private const int Length = 1000;

    private static readonly SectionSpec Framed = SectionSpecs.Framed(
        SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, Length, SectionDenominator.Weight));

    private static readonly SectionSpec Extra = SectionSpecs.Dense(SectionRole.Control, SectionDType.F32, 3, SectionDenominator.Updates);

    [Fact]
    public async Task Close_FramesOfDifferentKinds_GivesTheMeanOfWhatTheyDecodeTo()
    {
        Options.SlotCount = 8;
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan(sections: [Framed, Extra]);
        await OpenAsync(node, plan);
        string[] texts = ["topk:0.03", "q4", "none", "randk:0.1+q8", "sign"];
        double[] expected = new double[Length];
        double weights = 0;
        for (int i = 0; i < texts.Length; i++)
        {
            byte[] frame = FrameOf(texts[i], i);
            float[] decoded = new float[Length];
            Frames.Decode(frame, decoded);
            weights += i + 1;
            for (int k = 0; k < Length; k++)
            {
                expected[k] += (i + 1) * (double)decoded[k];
            }

            Assert.Equal(UploadOutcome.Stored, (await SendAsync(node, plan, $"u{i}", [.. frame, .. Bytes(1, 2, i)], i + 1)).Outcome);
        }

        ClosedRound closed = await node.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal(texts.Length, closed.Included.Count);
        for (int k = 0; k < Length; k++)
        {
            Assert.Equal(expected[k] / weights, closed.Sections[0].Single[k], 1e-6);
        }

        Assert.Equal([1, 2, 2], closed.Sections[1].Single);
        await node.ForgetRoundAsync(plan.Key, Cancellation);
        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task Upload_SparseFrame_HasTheNormOfItsVector()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan(sections: [Framed]);
        await OpenAsync(node, plan);
        byte[] frame = FrameOf("topk:0.03", 1);
        float[] decoded = new float[Length];
        Frames.Decode(frame, decoded);

        await SendAsync(node, plan, "u", frame, 1);

        Assert.Equal(Math.Sqrt(CompressionData.SquaredNorm(decoded)), Assert.Single(Stored).Norm, 1e-9);
    }

    [Fact]
    public async Task Upload_NormAboveTheBound_IsRefused()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan(sections: [Framed]);
        await OpenAsync(node, plan);

        UploadResult result = await SendAsync(node, plan, "u", FrameOf("q4", 1), 1, maxNorm: 1);

        Assert.Equal(UploadOutcome.NormExceeded, result.Outcome);
    }

    [Theory]
    [InlineData(0, UploadOutcome.BadFrame)]
    [InlineData(1, UploadOutcome.BadFrame)]
    [InlineData(8, UploadOutcome.BadFrame)]
    [InlineData(17, UploadOutcome.BadFrame)]
    public async Task Upload_DamagedFrame_IsRefusedAndChangesNothing(int at, UploadOutcome expected)
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan(sections: [Framed]);
        await OpenAsync(node, plan);
        byte[] frame = FrameOf("topk:0.03", 1);
        frame[at] ^= 0x55;

        UploadResult result = await SendAsync(node, plan, "u", frame, 1);

        Assert.Equal(expected, result.Outcome);
        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task Upload_FrameWithANaN_IsRefused()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan(sections: [Framed]);
        await OpenAsync(node, plan);
        byte[] frame = FrameOf("none", 1);
        BinaryPrimitives.WriteSingleLittleEndian(frame.AsSpan(400), float.NaN);

        Assert.Equal(UploadOutcome.NotFinite, (await SendAsync(node, plan, "u", frame, 1)).Outcome);
    }

    [Theory]
    [InlineData(15)]
    [InlineData((4 * Length) + 4096 + 17)]
    public async Task Upload_SectionLengthOutOfBounds_IsRefusedBeforeItsBytes(int length)
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan(sections: [Framed]);
        await OpenAsync(node, plan);

        Assert.Equal(UploadOutcome.LengthMismatch, (await SendAsync(node, plan, "u", new byte[length], 1)).Outcome);
    }

    [Fact]
    public async Task Open_NodeWasStopped_FramesAreSummedAgain()
    {
        RoundPlan plan = Plan(sections: [Framed], durability: "spool");
        AggregatorNode first = await StartAsync();
        await OpenAsync(first, plan);
        await SendAsync(first, plan, "u1", FrameOf("topk:0.03", 1), 1);
        await SendAsync(first, plan, "u2", FrameOf("q8", 2), 1);
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        ReopenedRound reopened = await OpenAsync(second, plan);
        ClosedRound closed = await second.CloseRoundAsync(plan.Key, Cancellation);

        Assert.Equal(2, reopened.Recovered.Count);
        Assert.Equal(2, closed.Included.Count);
    }

    [Fact]
    public async Task Upload_WithFiguresOfItsCompression_TellsThemAndKeepsThemInTheJournal()
    {
        RoundPlan plan = Plan(sections: [Framed], durability: "spool");
        AggregatorNode first = await StartAsync();
        await OpenAsync(first, plan);
        await SendAsync(first, plan, "u1", FrameOf("q4", 1), 1, report: new CompressionReport { Contraction = -0.5, ErrorNorm = 2.25, Saturated = Length });
        await SendAsync(first, plan, "u2", FrameOf("q4", 2), 1);
        Assert.Equal([new CompressionFigures(-0.5, 2.25, Length), null], Stored.Select(update => update.Compression));
        await first.StopAsync(Cancellation);

        AggregatorNode second = await StartAsync();
        ReopenedRound reopened = await OpenAsync(second, plan);

        Assert.Equal([new CompressionFigures(-0.5, 2.25, Length), null], reopened.Recovered.OrderBy(update => update.AssignmentId).Select(update => update.Compression));
    }

    [Theory]
    [InlineData(double.NaN, 0, 0)]
    [InlineData(double.NegativeInfinity, 0, 0)]
    [InlineData(1.001, 0, 0)]
    [InlineData(-2e6, 0, 0)]
    [InlineData(1, double.NaN, 0)]
    [InlineData(1, double.PositiveInfinity, 0)]
    [InlineData(1, -1e-9, 0)]
    [InlineData(1, 0, Length + 1)]
    [InlineData(1, 0, long.MinValue)]
    public async Task Upload_FiguresThatCannotBe_AreRefusedBeforeItsBytes(double contraction, double errorNorm, long saturated)
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan(sections: [Framed]);
        await OpenAsync(node, plan);
        var report = new CompressionReport { Contraction = contraction, ErrorNorm = errorNorm, Saturated = (ulong)saturated };

        Assert.Equal(UploadOutcome.CompressionOutOfBounds, (await SendAsync(node, plan, "u", FrameOf("q4", 1), 1, report: report)).Outcome);
        AssertPoolIsFree(node);
    }

    [Fact]
    public async Task Upload_FiguresWithoutAFrame_AreRefused()
    {
        AggregatorNode node = await StartAsync();
        RoundPlan plan = Plan(sections: [Extra]);
        await OpenAsync(node, plan);

        UploadResult result = await SendAsync(node, plan, "u", Bytes(1, 2, 3), 1, report: new CompressionReport { Contraction = 1 });

        Assert.Equal(UploadOutcome.CompressionOutOfBounds, result.Outcome);
    }

    private static byte[] FrameOf(string text, int seed)
    {
        CompressionLayout layout = CompressionLayout.Flat(Length);
        byte[] frame = new byte[FrameLimits.FrameBytes(Length)];
        int length = new VectorCompressor(CompressionSpec.Parse(text), layout)
            .Compress(CompressionData.Gaussian(Length, (ulong)(50 + seed)), new CompressionDraw(1, 1, (uint)seed), frame);
        return frame[..length];
    }

    private static byte[] Bytes(params ReadOnlySpan<float> values) => System.Runtime.InteropServices.MemoryMarshal.AsBytes(values).ToArray();

    private async Task<UploadResult> SendAsync(AggregatorNode node, RoundPlan plan, string assignment, byte[] payload, double weight, double maxNorm = 0, CompressionReport? report = null)
    {
        UpdateTicket ticket = Ticket(plan, assignment);
        ticket.MaxNorm = maxNorm;
        UpdateHeader header = Header(ticket, payload, weight);
        header.Compression = report;
        header.Sections[0].ByteLength = (ulong)(payload.Length - header.Sections.Skip(1).Sum(section => (long)section.ByteLength));
        UploadAdmission admission = node.Ingest.Begin(header, Caller);
        if (admission.Session is not { } session)
        {
            return admission.Result;
        }

        using (session)
        {
            // In two pieces, the cut inside the frame.
            session.Append(new ReadOnlySequence<byte>(payload.AsMemory(0, 10)));
            session.Append(new ReadOnlySequence<byte>(payload.AsMemory(10)));
            return await session.CompleteAsync();
        }
    }
}
