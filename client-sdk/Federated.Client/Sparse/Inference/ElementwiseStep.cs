using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Inference;

/// <summary>What stands alone after another layer: scale and shift of every channel, an addition, ReLU.</summary>
internal sealed unsafe class ElementwiseStep(SparseLayerWeights weights, Activation input, Activation? second, Activation output, bool relu) : IInferenceStep
{
    public void Run()
    {
        ReadOnlySpan<float> scale = weights.Scale.Span, shift = weights.Shift.Span;
        float floor = relu ? 0 : float.NegativeInfinity;
        ActivationLayout layout = input.Layout;
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            for (int row = 0; row < layout.Height; row++)
            {
                SparseKernels.Finish(
                    input.Row(channel, row),
                    layout.RowLength,
                    0,
                    scale.IsEmpty ? 1 : scale[channel],
                    shift.IsEmpty ? 0 : shift[channel],
                    second is null ? null : second.Row(channel, row),
                    floor,
                    output.Row(channel, row));
            }
        }
    }
}
