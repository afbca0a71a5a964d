using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Inference;

/// <summary>Makes features of an image: its rows without the halo, one after another.</summary>
internal sealed unsafe class FlattenStep(Activation input, Activation output) : IInferenceStep
{
    public void Run()
    {
        ActivationLayout layout = input.Layout;
        float* destination = output.Start;
        for (int channel = 0; channel < layout.Channels; channel++)
        {
            for (int row = 0; row < layout.Height; row++)
            {
                RowCopy.Copy(input.Row(channel, row), destination, layout.RowLength);
                destination += layout.RowLength;
            }
        }
    }
}
