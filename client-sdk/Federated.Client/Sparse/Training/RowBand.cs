using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Training;

/// <summary>Some rows of an image.</summary>
internal readonly record struct RowBand(int First, int Count)
{
    /// <summary>Cuts an image into bands of about so many floats.</summary>
    public static IEnumerable<RowBand> Of(ActivationLayout layout, int floats)
    {
        int rows = Math.Max(1, floats / layout.RowLength);
        for (int first = 0; first < layout.Height; first += rows)
        {
            yield return new RowBand(first, Math.Min(rows, layout.Height - first));
        }
    }
}
