using Federated.Protocol.Pruning;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Training;

/// <summary>A mask as one flat tensor of zeros and ones beside the parameters, on their device.</summary>
internal sealed class DeviceMask : IDisposable
{
    private readonly Tensor _ones;

    public DeviceMask(ModelMask mask, Device device)
    {
        Mask = mask;
        float[] ones = new float[mask.ParameterCount];
        ones.AsSpan().Fill(1);
        mask.Apply(ones);
        using Tensor here = tensor(ones);
        _ones = here.to(device, copy: true).DetachFromDisposeScope();
    }

    public ModelMask Mask { get; }

    /// <summary>Sets what the mask leaves out to zero.</summary>
    public void Apply(Tensor vector) => vector.mul_(_ones);

    /// <inheritdoc />
    public void Dispose() => _ones.Dispose();
}
