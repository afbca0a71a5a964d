using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Inference;

/// <summary>Makes features of an image: its rows without the halo, one after another.</summary>
internal sealed unsafe class FlattenStep(Activation input, Activation output) : IInferenceStep
{
    public void Run()
    {
        ActivationLayout from = input.Layout, to = output.Layout;
        for (int i = 0; i < from.Channels * from.Height; i++)
        {
            float* source = input.Row(i / from.Height, i % from.Height);
            int feature = i * from.Width;
            if (to.Halo == 0)
            {
                RowCopy.Copy(source, output.Row(feature, 0), from.RowLength);
                continue;
            }

            // Around features that a padded convolution reads there are zeros: they lie apart.
            for (int x = 0; x < from.Width; x++)
            {
                RowCopy.Copy(source + (x * from.Lanes), output.Row(feature + x, 0), from.Lanes);
            }
        }
    }
}
