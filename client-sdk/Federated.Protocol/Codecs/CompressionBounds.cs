using Federated.Numerics.Compression;

namespace Federated.Protocol.Codecs;

/// <summary>What a specification means for a layout: how much is kept, and how well it contracts.</summary>
internal static class CompressionBounds
{
    private const int SegmentPrefix = 12;

    /// <summary>Elements that topk or randk keeps.</summary>
    public static int KeptOf(CompressionSpec spec, CompressionLayout layout) => spec.PerLayer
        ? layout.Tensors.Sum(tensor => TopKSelection.CountFor(spec.Ratio, tensor.Length))
        : TopKSelection.CountFor(spec.Ratio, layout.Length);

    /// <summary>Elements of a block of n values.</summary>
    public static int BlockOf(CompressionSpec spec, int count) => spec.Block == 0 ? count : Math.Min(spec.Block, count);

    /// <summary>The rank for a tensor; 0 where the factors would be no smaller than the tensor.</summary>
    public static int RankOf(CompressionSpec spec, CompressionTensor tensor)
    {
        int rank = Math.Min(spec.Rank, Math.Min(tensor.Rows, tensor.Columns));
        return (long)rank * (tensor.Rows + tensor.Columns) < tensor.Length ? rank : 0;
    }

    public static long FactorBytes(CompressionSpec spec, CompressionLayout layout) => layout.Tensors.Sum(tensor =>
        SegmentPrefix + (4L * (RankOf(spec, tensor) is > 0 and int rank ? rank * (tensor.Rows + tensor.Columns) : tensor.Length)));

    public static double Worst(CompressionSpec spec, CompressionLayout layout) => spec.Kind switch
    {
        CompressorKind.TopK or CompressorKind.RandomMask => Contraction.OfStages(OfSelection(spec, layout), OfValues(spec, KeptOf(spec, layout))),
        CompressorKind.Sign or CompressorKind.Quantise => OfValues(spec, layout.Length),
        CompressorKind.PowerStep => 0,
        CompressorKind.Truncate => OfTruncation(spec, layout),
        CompressorKind.Half => Contraction.OfReducedFloat(11),
        CompressorKind.Brain => Contraction.OfReducedFloat(8),
        _ => 1,
    };

    public static double Nominal(CompressionSpec spec, CompressionLayout layout) => spec.Kind switch
    {
        // E|x|² / E x² of a Gaussian.
        CompressorKind.Sign => 2 / Math.PI,
        CompressorKind.Quantise when spec.Bits == 1 => 2 / Math.PI,
        CompressorKind.TopK or CompressorKind.RandomMask when spec.Bits == 1 => OfSelection(spec, layout) * 2 / Math.PI,
        CompressorKind.PowerStep => OfTruncation(spec, layout),
        _ => Worst(spec, layout),
    };

    private static double OfSelection(CompressionSpec spec, CompressionLayout layout) => spec.PerLayer && layout.Length > 0
        ? layout.Tensors.Min(tensor => Contraction.OfSelection(TopKSelection.CountFor(spec.Ratio, tensor.Length), tensor.Length))
        : Contraction.OfSelection(KeptOf(spec, layout), layout.Length);

    private static double OfValues(CompressionSpec spec, int count)
    {
        if (spec.Bits == ValueStream.SingleBits || count == 0)
        {
            return 1;
        }

        int block = BlockOf(spec, count);
        if (!spec.Stochastic)
        {
            return Contraction.OfRounding(spec.Bits, block);
        }

        // Without feedback stochastic rounding is unbiased instead of contractive.
        return spec.Feedback == FeedbackKind.None ? 0 : Contraction.OfStochasticRounding(spec.Bits, block);
    }

    private static double OfTruncation(CompressionSpec spec, CompressionLayout layout) => layout.Tensors
        .Where(tensor => RankOf(spec, tensor) > 0)
        .Select(tensor => Contraction.OfTruncation(spec.Rank, tensor.Rows, tensor.Columns))
        .DefaultIfEmpty(1)
        .Min();
}
