using System.Runtime.InteropServices;
using Federated.Client.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Models;

/// <summary>Copies between flat tensors of any device and spans.</summary>
internal static class FlatTensor
{
    public static void Load<T>(Tensor tensor, ReadOnlySpan<T> source, string name)
        where T : unmanaged
    {
        SolverArguments.CheckLength((int)tensor.NumberOfElements, source.Length, name);
        if (tensor.device_type == DeviceType.CPU)
        {
            source.CopyTo(Span<T>(tensor));
            return;
        }

        using Tensor staging = empty(source.Length, dtype: tensor.dtype);
        source.CopyTo(Span<T>(staging));
        using IDisposable noGrad = no_grad();
        tensor.copy_(staging);
    }

    public static void Store<T>(Tensor tensor, Span<T> target, string name)
        where T : unmanaged
    {
        SolverArguments.CheckLength((int)tensor.NumberOfElements, target.Length, name);
        if (tensor.device_type == DeviceType.CPU)
        {
            Span<T>(tensor).CopyTo(target);
            return;
        }

        using Tensor staging = tensor.cpu();
        Span<T>(staging).CopyTo(target);
    }

    // TorchSharp's zero_ returns another tensor of zeros and leaves its own as it is.
    public static void Clear(Tensor tensor)
    {
        if (tensor.device_type == DeviceType.CPU)
        {
            Span<byte>(tensor).Clear();
            return;
        }

        using Scalar zero = 0f;
        tensor.fill_(zero);
    }

    /// <summary>The memory of a contiguous CPU tensor.</summary>
    public static Span<T> Span<T>(Tensor tensor)
        where T : unmanaged => tensor.NumberOfElements == 0 ? [] : MemoryMarshal.Cast<byte, T>(tensor.bytes);
}
