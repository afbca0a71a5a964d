using Federated.Client.Sparse.Inference;
using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Training;

/// <summary>Between an image and its features.</summary>
internal sealed unsafe class FlattenOperation(TrainingContext context, TrainingValue input, TrainingValue output) : TrainingOperation(context, output, null, false)
{
    private readonly FlattenStep _forward = new(input.Value, output.Value);

    public override void Forward() => _forward.Run();

    protected override void BackwardCore(Activation gradient)
    {
        if (!input.NeedsGradient)
        {
            return;
        }

        Activation to = input.Write(out bool accumulates);
        ActivationLayout layout = to.Layout;
        for (int i = 0; i < layout.Channels * layout.Height; i++)
        {
            // Features are channels of one pixel: their planes may lie apart.
            for (int x = 0; x < layout.Width; x++)
            {
                float* destination = to.Row(i / layout.Height, i % layout.Height) + (x * layout.Lanes);
                float* source = gradient.Row((i * layout.Width) + x, 0);
                if (accumulates)
                {
                    SparseKernels.AddScaled(source, layout.Lanes, 1, destination);
                }
                else
                {
                    RowCopy.Copy(source, destination, layout.Lanes);
                }
            }
        }
    }
}
