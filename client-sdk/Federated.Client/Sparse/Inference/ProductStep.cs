using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Inference;

/// <summary>A linear layer on a full panel of 16 examples, in the order of the matrix's columns.</summary>
internal sealed unsafe class ProductStep(PanelProduct product, SparseLayerWeights weights, Activation input, Activation output, Activation? residual, bool relu) : IInferenceStep
{
    /// <summary>Whether a panel of features lies as the product takes it.</summary>
    public static bool Takes(SparseLayer layer, ActivationLayout input, ActivationLayout output) =>
        layer.Kind == SparseLayerKind.Linear && input.Lanes == PanelProduct.PanelWidth && input is { Halo: 0 } && output is { Halo: 0 };

    public void Run()
    {
        product.Multiply(input.Start, output.Start);
        ReadOnlySpan<float> shift = weights.Shift.Span;
        if (shift.IsEmpty && residual is null && !relu)
        {
            return;
        }

        float floor = relu ? 0 : float.NegativeInfinity;
        for (int row = 0; row < product.Rows; row++)
        {
            float* sums = output.Row(row, 0);
            SparseKernels.Finish(sums, PanelProduct.PanelWidth, 0, 1, shift.IsEmpty ? 0 : shift[row], residual is null ? null : residual.Row(row, 0), floor, sums);
        }
    }
}
