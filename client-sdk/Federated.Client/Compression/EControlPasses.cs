using System.Numerics;

namespace Federated.Client.Compression;

/// <summary>
/// EControl's two passes over its vectors, each read once: encoding stands beside a local round of milliseconds. Squares are summed in double precision, so a sum is finite exactly when every element is.
/// </summary>
internal static class EControlPasses
{
    /// <summary>target = η e + (g − h).</summary>
    /// <returns>‖target‖².</returns>
    public static double Target(ReadOnlySpan<float> g, ReadOnlySpan<float> e, ReadOnlySpan<float> h, float eta, Span<float> target)
    {
        var scale = new Vector<float>(eta);
        Vector<double> low = Vector<double>.Zero, high = Vector<double>.Zero;
        int i = 0;
        for (; i <= g.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector<float> value = Vector.MultiplyAddEstimate(new Vector<float>(e[i..]), scale, new Vector<float>(g[i..]) - new Vector<float>(h[i..]));
            value.CopyTo(target[i..]);
            SquareSums.Add(value, ref low, ref high);
        }

        double sum = Vector.Sum(low + high);
        for (; i < g.Length; i++)
        {
            target[i] = float.MultiplyAddEstimate(e[i], eta, g[i] - h[i]);
            sum += (double)target[i] * target[i];
        }

        return sum;
    }

    /// <summary>h' = h + Δ and e' = e + (g − h'). The new memory may be the old one.</summary>
    /// <param name="g">The local difference.</param>
    /// <param name="e">What is owed.</param>
    /// <param name="h">The estimate.</param>
    /// <param name="target">What was compressed.</param>
    /// <param name="sent">Δ: what the receiver decodes.</param>
    /// <param name="nextE">Receives e'.</param>
    /// <param name="nextH">Receives h'.</param>
    public static FeedbackSums Next(
        ReadOnlySpan<float> g, ReadOnlySpan<float> e, ReadOnlySpan<float> h, ReadOnlySpan<float> target, ReadOnlySpan<float> sent, Span<float> nextE, Span<float> nextH)
    {
        Vector<double> lost = Vector<double>.Zero, lostHigh = lost, owed = lost, owedHigh = lost, known = lost, knownHigh = lost;
        int i = 0;
        for (; i <= g.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            var delta = new Vector<float>(sent[i..]);
            Vector<float> estimate = new Vector<float>(h[i..]) + delta;
            Vector<float> error = new Vector<float>(e[i..]) + (new Vector<float>(g[i..]) - estimate);
            estimate.CopyTo(nextH[i..]);
            error.CopyTo(nextE[i..]);
            SquareSums.Add(delta - new Vector<float>(target[i..]), ref lost, ref lostHigh);
            SquareSums.Add(error, ref owed, ref owedHigh);
            SquareSums.Add(estimate, ref known, ref knownHigh);
        }

        double lostSum = Vector.Sum(lost + lostHigh), owedSum = Vector.Sum(owed + owedHigh), knownSum = Vector.Sum(known + knownHigh);
        for (; i < g.Length; i++)
        {
            nextH[i] = h[i] + sent[i];
            nextE[i] = e[i] + (g[i] - nextH[i]);
            double left = sent[i] - target[i];
            lostSum += left * left;
            owedSum += (double)nextE[i] * nextE[i];
            knownSum += (double)nextH[i] * nextH[i];
        }

        return new FeedbackSums(lostSum, owedSum, double.IsFinite(owedSum) && double.IsFinite(knownSum));
    }
}
