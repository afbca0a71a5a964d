using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Inference;

/// <summary>The maximum or the mean of windows.</summary>
internal sealed unsafe class PoolStep(Activation input, Activation output, int height, int width, int stride, bool maximum) : IInferenceStep
{
    public void Run()
    {
        for (int channel = 0; channel < output.Layout.Channels; channel++)
        {
            Run(channel);
        }
    }

    /// <summary>One channel.</summary>
    public void Run(int channel)
    {
        ActivationLayout layout = output.Layout;
        for (int y = 0; y < layout.Height; y++)
        {
            if (maximum)
            {
                SparseKernels.Max(new PoolWindows(height, width, stride, layout.Lanes, layout.Width), input.Row(channel, y * stride), input.Layout.RowPitch, output.Row(channel, y));
                continue;
            }

            for (int x = 0; x < layout.Width; x++)
            {
                Mean(channel, y * stride, x * stride, output.Row(channel, y) + (x * layout.Lanes));
            }
        }
    }

    private void Mean(int channel, int top, int left, float* destination)
    {
        int lanes = input.Layout.Lanes;
        new Span<float>(destination, lanes).Clear();
        for (int y = top; y < top + height; y++)
        {
            for (int x = left; x < left + width; x++)
            {
                SparseKernels.AddScaled(input.Row(channel, y) + (x * lanes), lanes, 1f / (height * width), destination);
            }
        }
    }
}
