using Federated.Client.Sparse.Inference;
using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Training;

/// <summary>The maximum or the mean of windows. The gradient of a maximum goes to the first of equals, as in PyTorch.</summary>
internal sealed unsafe class PoolOperation(TrainingContext context, TrainingValue input, TrainingValue output, int height, int width, int stride, bool maximum)
    : TrainingOperation(context, output, null, false)
{
    private readonly PoolStep _forward = new(input.Value, output.Value, height, width, stride, maximum);

    public override void Forward() => Context.Workers.Run(Output.Value.Layout.Channels, (_, channel) => _forward.Run(channel));

    protected override void BackwardCore(Activation gradient)
    {
        if (!input.NeedsGradient)
        {
            return;
        }

        Activation to = input.Write(out bool accumulates);
        Context.Workers.Run(gradient.Layout.Channels, (_, channel) =>
        {
            for (int row = 0; row < to.Layout.Height && !accumulates; row++)
            {
                new Span<float>(to.Row(channel, row), to.Layout.RowLength).Clear();
            }

            for (int y = 0; y < gradient.Layout.Height; y++)
            {
                if (maximum)
                {
                    ToLargest(channel, y, gradient, to);
                    continue;
                }

                for (int x = 0; x < gradient.Layout.Width; x++)
                {
                    ToAll(channel, y, x, gradient, to);
                }
            }
        });
    }

    private void ToAll(int channel, int y, int x, Activation gradient, Activation to)
    {
        int lanes = to.Layout.Lanes;
        float* source = gradient.Row(channel, y) + (x * lanes);
        for (int i = 0; i < height * width; i++)
        {
            SparseKernels.AddScaled(source, lanes, 1f / (height * width), to.Row(channel, (y * stride) + (i / width)) + (((x * stride) + (i % width)) * lanes));
        }
    }

    private void ToLargest(int channel, int y, Activation gradient, Activation to) => TrainingKernels.Route(
        new PoolWindows(height, width, stride, to.Layout.Lanes, gradient.Layout.Width),
        input.Value.Row(channel, y * stride),
        input.Value.Layout.RowPitch,
        Output.Value.Row(channel, y),
        gradient.Row(channel, y),
        to.Row(channel, y * stride),
        to.Layout.RowPitch);
}
