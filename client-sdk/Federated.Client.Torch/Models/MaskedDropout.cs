using Federated.Client.Torch.Training;
using static TorchSharp.torch;

namespace Federated.Client.Torch.Models;

/// <summary>Dropout with reproducible masks: zeroes inputs in training and scales the others by 1/(1 - p).</summary>
public sealed class MaskedDropout : nn.Module<Tensor, Tensor>
{
    private readonly MaskSource _masks;
    private readonly double _probability;

    /// <summary>Creates the layer.</summary>
    /// <param name="masks">The model's masks; give the same source to <see cref="TorchObjective"/>.</param>
    /// <param name="probability">Share of inputs to zero, 0 to 1 exclusive.</param>
    public MaskedDropout(MaskSource masks, double probability)
        : base(nameof(MaskedDropout))
    {
        ArgumentNullException.ThrowIfNull(masks);
        if (probability is not (>= 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "A dropout probability is in 0 to 1, exclusive.");
        }

        _masks = masks;
        _probability = probability;
    }

    /// <inheritdoc />
    public override Tensor forward(Tensor input) =>
        training && _probability > 0 ? input * _masks.Draw(input, _probability) : input.alias();
}
