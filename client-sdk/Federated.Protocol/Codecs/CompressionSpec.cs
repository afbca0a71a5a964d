using System.Globalization;

namespace Federated.Protocol.Codecs;

/// <summary>
/// A compressor with its feedback, as a text such as <c>topk:0.01+econtrol</c>:
/// <c>COMPRESSOR[+qBITS][+FEEDBACK]</c>. The compressors are <c>none</c>, <c>topk:RATIO[:layer]</c>, <c>randk:RATIO</c>, <c>sign[:BLOCK]</c>, <c>qBITS[s][:BLOCK]</c> (s: stochastic),
/// <c>lowrank:RANK</c>, <c>svd:RANK</c>, <c>f16</c>, <c>bf16</c>; a second stage <c>+qBITS[s][:BLOCK]</c> quantises what topk and randk keep. The feedbacks are
/// <c>none</c>, <c>ec</c>, <c>ef21</c>, <c>ef21-sgdm</c>, <c>econtrol</c>.
/// </summary>
public sealed record CompressionSpec
{
    /// <summary>Elements of a quantiser's block unless the text says another number.</summary>
    public const int DefaultBlock = 256;

    /// <summary>No compression.</summary>
    public static CompressionSpec Dense { get; } = new();

    /// <summary>The compressor.</summary>
    public CompressorKind Kind { get; init; }

    /// <summary>Share of the elements that topk and randk keep, in (0, 1].</summary>
    public double Ratio { get; init; } = 1;

    /// <summary>Whether topk keeps the share of every tensor by itself.</summary>
    public bool PerLayer { get; init; }

    /// <summary>Bits of a value, 1 to 8; 32 for float32.</summary>
    public int Bits { get; init; } = 32;

    /// <summary>Elements of a block with its own step, a multiple of 8; 0 for one block over all.</summary>
    public int Block { get; init; }

    /// <summary>Whether values are rounded stochastically.</summary>
    public bool Stochastic { get; init; }

    /// <summary>Rank of the products, at least 1.</summary>
    public int Rank { get; init; } = 1;

    /// <summary>What becomes of the rest.</summary>
    public FeedbackKind Feedback { get; init; }

    /// <summary>Whether frames are sent in the place of dense vectors.</summary>
    public bool IsActive => Kind != CompressorKind.None;

    /// <summary>Whether client and server keep estimates h of the client's differences (EF21 and its relatives).</summary>
    public bool TracksEstimates => Feedback is FeedbackKind.Ef21 or FeedbackKind.Ef21Momentum or FeedbackKind.EControl;

    /// <summary>Reads the text.</summary>
    /// <param name="text">The text.</param>
    /// <exception cref="FormatException">The message names the part and what it may be.</exception>
    public static CompressionSpec Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('+');
        CompressionSpec spec = Compressor(parts[0]);
        int next = 1;
        if (spec.Kind is CompressorKind.TopK or CompressorKind.RandomMask && parts.Length > next && IsQuantiser(parts[next]))
        {
            CompressionSpec stage = Quantiser(parts[next++]);
            spec = spec with { Bits = stage.Bits, Block = stage.Block, Stochastic = stage.Stochastic };
        }

        if (parts.Length > next)
        {
            spec = spec with { Feedback = FeedbackOf(parts[next++]) };
        }

        if (parts.Length > next)
        {
            throw new FormatException($"compression '{text}': '{parts[next]}' is too much; the form is COMPRESSOR[+qBITS][+FEEDBACK].");
        }

        return spec.IsActive || spec.Feedback == FeedbackKind.None
            ? spec
            : throw new FormatException($"compression '{text}': without a compressor there is nothing to feed back.");
    }

    /// <summary>Reads the text; null when it is malformed, and then <paramref name="error"/> says why.</summary>
    /// <param name="text">The text.</param>
    /// <param name="error">What is wrong; empty otherwise.</param>
    public static CompressionSpec? TryParse(string text, out string error)
    {
        try
        {
            error = "";
            return Parse(text);
        }
        catch (FormatException exception)
        {
            error = exception.Message;
            return null;
        }
    }

    /// <summary>The text.</summary>
    public override string ToString()
    {
        string quantiser = Bits > 8 ? "" : FormattableString.Invariant($"q{Bits}{(Stochastic ? "s" : "")}{(Block == DefaultBlock ? "" : $":{Block}")}");
        string compressor = Kind switch
        {
            CompressorKind.None => "none",
            CompressorKind.TopK => FormattableString.Invariant($"topk:{Ratio}{(PerLayer ? ":layer" : "")}"),
            CompressorKind.RandomMask => FormattableString.Invariant($"randk:{Ratio}"),
            CompressorKind.Sign => FormattableString.Invariant($"sign{(Block == 0 ? "" : $":{Block}")}"),
            CompressorKind.Quantise => quantiser,
            CompressorKind.PowerStep => FormattableString.Invariant($"lowrank:{Rank}"),
            CompressorKind.Truncate => FormattableString.Invariant($"svd:{Rank}"),
            CompressorKind.Half => "f16",
            _ => "bf16",
        };
        if (Kind is CompressorKind.TopK or CompressorKind.RandomMask && quantiser.Length > 0)
        {
            compressor += "+" + quantiser;
        }

        return Feedback switch
        {
            FeedbackKind.None => compressor,
            FeedbackKind.Classical => compressor + "+ec",
            FeedbackKind.Ef21 => compressor + "+ef21",
            FeedbackKind.Ef21Momentum => compressor + "+ef21-sgdm",
            _ => compressor + "+econtrol",
        };
    }

    private static CompressionSpec Compressor(string text)
    {
        string[] words = text.Split(':');
        return words[0] switch
        {
            "none" when words.Length == 1 => Dense,
            "topk" when words.Length == 2 => new CompressionSpec { Kind = CompressorKind.TopK, Ratio = RatioOf(text, words[1]) },
            "topk" when words is [_, _, "layer"] => new CompressionSpec { Kind = CompressorKind.TopK, Ratio = RatioOf(text, words[1]), PerLayer = true },
            "randk" when words.Length == 2 => new CompressionSpec { Kind = CompressorKind.RandomMask, Ratio = RatioOf(text, words[1]) },
            "sign" when words.Length <= 2 => new CompressionSpec { Kind = CompressorKind.Sign, Bits = 1, Block = words.Length == 2 ? BlockOf(text, words[1]) : 0 },
            "lowrank" when words.Length == 2 => new CompressionSpec { Kind = CompressorKind.PowerStep, Rank = RankOf(text, words[1]) },
            "svd" when words.Length == 2 => new CompressionSpec { Kind = CompressorKind.Truncate, Rank = RankOf(text, words[1]) },
            "f16" when words.Length == 1 => new CompressionSpec { Kind = CompressorKind.Half },
            "bf16" when words.Length == 1 => new CompressionSpec { Kind = CompressorKind.Brain },
            _ when IsQuantiser(text) => Quantiser(text) with { Kind = CompressorKind.Quantise },
            _ => throw new FormatException(
                $"compressor '{text}' is unknown; known are none, topk:RATIO[:layer], randk:RATIO, sign[:BLOCK], qBITS[s][:BLOCK], lowrank:RANK, svd:RANK, f16, bf16."),
        };
    }

    private static FeedbackKind FeedbackOf(string text) => text switch
    {
        "none" => FeedbackKind.None,
        "ec" => FeedbackKind.Classical,
        "ef21" => FeedbackKind.Ef21,
        "ef21-sgdm" => FeedbackKind.Ef21Momentum,
        "econtrol" => FeedbackKind.EControl,
        _ => throw new FormatException($"feedback '{text}' is unknown; known are none, ec, ef21, ef21-sgdm, econtrol."),
    };

    private static bool IsQuantiser(string text) => text is ['q', >= '0' and <= '9', ..];

    private static CompressionSpec Quantiser(string text)
    {
        string[] words = text.Split(':');
        string bits = words[0][1..];
        bool stochastic = bits.EndsWith('s');
        if (words.Length > 2
            || !int.TryParse(stochastic ? bits[..^1] : bits, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || number is < 1 or > 8
            || (stochastic && number == 1))
        {
            throw new FormatException($"quantiser '{text}': the form is qBITS[s][:BLOCK] with 1 to 8 bits, stochastic with 2 to 8.");
        }

        return new CompressionSpec { Bits = number, Stochastic = stochastic, Block = words.Length == 2 ? BlockOf(text, words[1]) : DefaultBlock };
    }

    private static double RatioOf(string text, string word) =>
        double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out double ratio) && ratio is > 0 and <= 1
            ? ratio
            : throw new FormatException($"compressor '{text}': the ratio '{word}' is not in (0, 1].");

    private static int BlockOf(string text, string word) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int block) && block % 8 == 0 && block <= 8 * ushort.MaxValue
            ? block
            : throw new FormatException($"compressor '{text}': the block '{word}' is not a multiple of 8 up to {8 * ushort.MaxValue}, or 0 for one block over all.");

    private static int RankOf(string text, string word) =>
        int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int rank) && rank is >= 1 and <= 4096
            ? rank
            : throw new FormatException($"compressor '{text}': the rank '{word}' is not a whole number from 1 to 4096.");
}
