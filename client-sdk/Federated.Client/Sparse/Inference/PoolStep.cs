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
            for (int x = 0; x < layout.Width; x++)
            {
                Window(channel, y * stride, x * stride, output.Row(channel, y) + (x * layout.Lanes));
            }
        }
    }

    private void Window(int channel, int top, int left, float* destination)
    {
        int lanes = input.Layout.Lanes;
        new Span<float>(destination, lanes).Fill(maximum ? float.NegativeInfinity : 0);
        for (int y = top; y < top + height; y++)
        {
            for (int x = left; x < left + width; x++)
            {
                float* pixel = input.Row(channel, y) + (x * lanes);
                if (maximum)
                {
                    SparseKernels.Max(pixel, lanes, destination);
                }
                else
                {
                    SparseKernels.AddScaled(pixel, lanes, 1f / (height * width), destination);
                }
            }
        }
    }
}
