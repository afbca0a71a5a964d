using TorchSharp;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Training;

/// <summary>
/// Reads tensors of one element. TorchSharp's own conversions read through a scalar that nothing refers to any more, which its finalizer may free in the middle of
/// the reading: seldom, but then the process ends.
/// </summary>
internal static class TensorValue
{
    public static double Single(Tensor tensor)
    {
        using Scalar value = tensor.ToScalar();
        return value.ToSingle();
    }

    public static long Int64(Tensor tensor)
    {
        using Scalar value = tensor.ToScalar();
        return value.ToInt64();
    }
}
