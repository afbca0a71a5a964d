using Federated.Client.Torch.Models;
using Federated.Client.Training;
using Federated.Numerics;
using TorchSharp;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Training;

/// <summary>
/// Draws the dropout masks of one model from the counter-based generator, because libtorch's own dropout takes no generator. The layers of a pass draw one after another.
/// </summary>
public sealed class MaskSource
{
    private TrainingKey _key;
    private uint _step;
    private CounterRandom? _random;

    /// <summary>Fixes the masks of the following passes.</summary>
    /// <param name="key">The client and round.</param>
    /// <param name="step">The local step.</param>
    public void Use(TrainingKey key, int step)
    {
        _key = key;
        _step = (uint)step;
    }

    /// <summary>Starts a pass: its first layer gets the first mask of the step again.</summary>
    public void BeginPass() => _random = _key.Random(RandomPurpose.Dropout, _step);

    /// <summary>A mask of zeros and 1/(1 - <paramref name="probability"/>).</summary>
    /// <param name="like">Gives shape and device.</param>
    /// <param name="probability">Share of zeros, 0 to 1 exclusive.</param>
    public Tensor Draw(Tensor like, double probability)
    {
        ArgumentNullException.ThrowIfNull(like);
        Tensor mask = empty(like.shape, dtype: ScalarType.Float32);
        (_random ?? throw new InvalidOperationException("Call BeginPass first.")).FillDropoutMask(FlatTensor.Span<float>(mask), probability);
        return like.device_type == DeviceType.CPU ? mask : mask.to(like.device);
    }
}
