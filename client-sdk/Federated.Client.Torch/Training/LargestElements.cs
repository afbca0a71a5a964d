using TorchSharp;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Training;

/// <summary>The elements of largest magnitude of a vector, found by tensor operations on its own device. Of equals the lower index is taken; zeros never are.</summary>
internal static class LargestElements
{
    /// <param name="vector">Float32, one dimension.</param>
    /// <param name="excluded">Indices that are passed over, int64 on the vector's device; null for none.</param>
    /// <param name="most">How many are sought.</param>
    /// <returns>Ascending indices and the elements at them, on the vector's device; null when one that was not passed over is NaN or infinite.</returns>
    public static (Tensor Indices, Tensor Values)? Of(Tensor vector, Tensor? excluded, int most)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor magnitudes = vector.abs();
        if (excluded is not null)
        {
            using Scalar zero = 0f;
            magnitudes.index_fill_(0, excluded, zero);
        }

        if (TensorValue.Int64(magnitudes.isfinite().logical_not().sum()) > 0)
        {
            return null;
        }

        // Which of equals topk takes is open; so it tells the smallest magnitude that is taken, and the rest follows from that.
        int count = (int)Math.Min(most, TensorValue.Int64(magnitudes.count_nonzero()));
        if (count == 0)
        {
            return (empty(0, dtype: ScalarType.Int64, device: vector.device).MoveToOuterDisposeScope(), vector.narrow(0, 0, 0).MoveToOuterDisposeScope());
        }

        Tensor least = magnitudes.topk(count, sorted: false).values.min();
        Tensor above = magnitudes.gt(least).nonzero().flatten();
        Tensor equal = magnitudes.eq(least).nonzero().flatten().narrow(0, 0, count - above.NumberOfElements);
        Tensor indices = cat([above, equal]).sort().Values;
        return (indices.MoveToOuterDisposeScope(), vector.index_select(0, indices).MoveToOuterDisposeScope());
    }
}
