using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Federated.Aggregation.Accumulators;
using Federated.Aggregator.Functions;
using Federated.Benchmarks.Framework;
using Federated.Benchmarks.Training;
using Federated.Client.Algorithms;
using Federated.Client.Compression;
using Federated.Client.Torch;
using Federated.Client.Training;
using Federated.Numerics;
using Federated.Numerics.Compression;
using Federated.Numerics.SharedRandomness;
using Federated.Protocol.Codecs;
using Federated.Protocol.Models;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;
using TorchSharp;

namespace Federated.Benchmarks.Codecs;

/// <summary>Compressors and their decoders against torch, against passes over the data and against dense updates, all on one core.</summary>
internal sealed class CodecsBenchmark : IBenchmark
{
    private const int Length = 11_700_000;
    private const int Kept = Length / 100;
    private const int NoiseLength = 1 << 20;

    public string Name => "codecs";

    public string Summary => "top-k, quantisation, sparse accumulation, shared noise and the encoding of a client's update, on one core";

    public Task RunAsync(BenchmarkContext context)
    {
        TorchRuntime.Initialise();
        float[] vector = new float[Length];
        new CounterRandom(1, RandomPurpose.Test).FillGaussian(vector, 0, 1);
        MeasureTopK(context, vector);
        MeasureAccumulation(context, vector);
        MeasureQuantisation(context, vector);
        MeasureNoise(context);
        MeasureClientRound(context);
        return Task.CompletedTask;
    }

    private static void MeasureTopK(BenchmarkContext context, float[] vector)
    {
        int[] indices = new int[Kept];
        using torch.Tensor tensor = torch.tensor(vector).abs();
        double sum = 0;
        double[] best = Interleaved.Best(
            Interleaved.DefaultTurns,
            () => TopKSelection.Select(vector, indices),
            () => TorchTopK(tensor),
            () => sum += TensorPrimitives.SumOfMagnitudes<float>(vector));
        context.Tell("codecs.topK.milliseconds", best[0] * 1e3, "ms");
        context.AtLeast("codecs.topK.againstTorch", best[1] / best[0], 3);
        context.AtMost("codecs.topK.passes", best[0] / best[2], 4, "passes");
        context.Tell("codecs.readBandwidth", Length * 4 / best[2] / 1e9, "GB/s");
        GC.KeepAlive(sum);
    }

    private static void TorchTopK(torch.Tensor tensor)
    {
        (torch.Tensor values, torch.Tensor places) = tensor.topk(Kept, sorted: false);
        values.Dispose();
        places.Dispose();
    }

    private static void MeasureAccumulation(BenchmarkContext context, float[] vector)
    {
        byte[] frame = new byte[FrameLimits.FrameBytes(Length)];
        var compressor = new VectorCompressor(CompressionSpec.Parse("topk:0.01"), CompressionLayout.Flat(Length));
        byte[] sparse = frame[..compressor.Compress(vector, default, frame)];
        var dense = new UpdateAccumulator([new SectionShape(ElementType.Float32, Length, Denominator.Weight)], 1);
        var framed = new UpdateAccumulator([new SectionShape(ElementType.Float32, Length, Denominator.Weight, FrameSections.Decoder)], 1);
        double[] best = Interleaved.Best(
            Interleaved.DefaultTurns,
            () => framed.Accumulate(sparse, 2),
            () => dense.Accumulate(MemoryMarshal.AsBytes(vector.AsSpan()), 2));
        context.Tell("codecs.accumulate.sparseMilliseconds", best[0] * 1e3, "ms");
        context.AtLeast("codecs.accumulate.againstDense", best[1] / best[0], 4);
        context.Tell("codecs.accumulate.bytes", sparse.Length, "B");
    }

    private static void MeasureQuantisation(BenchmarkContext context, float[] vector)
    {
        float[] steps = new float[BlockQuantiser.BlocksOf(Length, 256)];
        byte[] packed = new byte[BitPacking.BytesFor(Length, 4)];
        float[] back = new float[Length];
        double sum = 0;
        double[] best = Interleaved.Best(
            Interleaved.DefaultTurns,
            () => BlockQuantiser.Quantise(vector, 4, 256, steps, packed),
            () => BlockQuantiser.Dequantise(packed, 4, 256, steps, back),
            () => sum += TensorPrimitives.SumOfMagnitudes<float>(vector));
        GC.KeepAlive(sum);

        // Each direction moves 4 bytes of floats an element and half a byte of codes.
        double bandwidth = 4.0 * Length / best[2];
        double moved = 4.5 * Length;
        context.AtLeast("codecs.quantise.bandwidthRatio", moved / best[0] / bandwidth, 0.5);
        context.AtLeast("codecs.dequantise.bandwidthRatio", moved / best[1] / bandwidth, 0.5);
    }

    private static void MeasureNoise(BenchmarkContext context)
    {
        float[] weights = new float[NoiseLength];
        long[] master = new long[NoiseLength];
        uint round = 0;

        // Short turns: more of them, or the compiler has not seen the loops often enough.
        double[] best = Interleaved.Best(
            20 * Interleaved.DefaultTurns,
            () => CanonicalFloatUpdate.Apply(weights, NoiseKind.Rademacher, new DirectionKey(1, 2, ++round, 0), 0, 0.01f),
            () => FixedPointUpdate.Apply(master, NoiseKind.Rademacher, new DirectionKey(1, 2, ++round, 0), 0, 12345),
            () => torch.randn(NoiseLength).Dispose());
        context.AtLeast("codecs.noise.appliedToFloats", NoiseLength / best[0] / 1e9, 1, "G/s");
        context.Tell("codecs.noise.appliedToIntegers", NoiseLength / best[1] / 1e9, "G/s");
        context.AtLeast("codecs.noise.againstRandn", best[2] / best[0], 8);
    }

    private static void MeasureClientRound(BenchmarkContext context)
    {
        const int Clients = 20;
        var work = new LocalWork(Clients, Examples: 100, Steps: 5, BatchSize: 20, Rounds: 1);
        var examples = new ExampleSet(new float[Clients * 100 * 784], 784, new int[Clients * 100]);
        using var loop = new HandWrittenLeNet(examples, [.. Enumerable.Range(0, Clients).Select(client => Enumerable.Range(client * 100, 100).ToArray())], work);
        var schema = new ModelSchema(
        [
            new TensorSpec("conv1.weight", [6, 1, 5, 5]), new TensorSpec("conv1.bias", [6]), new TensorSpec("conv2.weight", [16, 6, 5, 5]), new TensorSpec("conv2.bias", [16]),
            new TensorSpec("fc1.weight", [120, 256]), new TensorSpec("fc1.bias", [120]), new TensorSpec("fc2.weight", [84, 120]), new TensorSpec("fc2.bias", [84]),
            new TensorSpec("fc3.weight", [10, 84]), new TensorSpec("fc3.bias", [10]),
        ]);
        SectionSpec[] sections = [SectionSpecs.Delta(schema)];
        var update = new ClientUpdate(sections, new byte[ClientUpdate.PayloadLength(sections)]) { Weight = 1 };
        new CounterRandom(2, RandomPurpose.Test).FillGaussian(update.Floats(SectionRole.Delta), 0, 0.01);
        var encoder = new UpdateEncoder(schema, new UpdateCompression { Spec = "topk:0.01+econtrol", Eta = 0.005, StateRound = 1 });
        float[] state = new float[encoder.StateLength];
        state[0] = 1;
        float[] next = new float[encoder.StateLength];
        byte[] payload = new byte[UpdateEncoder.MostBytes([SectionSpecs.Framed(sections[0])])];
        double[] best = Interleaved.Best(
            3 * Interleaved.DefaultTurns,
            () => encoder.Encode(update, state, new CompressionDraw(1, 2, 3), payload, next),
            loop.Run);
        double training = best[1] / Clients;
        context.Tell("codecs.client.encodeMicroseconds", best[0] * 1e6, "us");
        context.Tell("codecs.client.trainMicroseconds", training * 1e6, "us");
        context.AtMost("codecs.client.encodeShare", best[0] / training, 0.05);
    }
}
