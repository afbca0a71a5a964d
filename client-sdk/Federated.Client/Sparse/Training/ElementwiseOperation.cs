using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Training;

/// <summary>An addition or a ReLU that stands alone.</summary>
internal sealed unsafe class ElementwiseOperation(TrainingContext context, TrainingValue input, TrainingValue output, TrainingValue? residual, bool relu)
    : TrainingOperation(context, output, residual, relu)
{
    public override void Forward() => Context.Workers.Run(Output.Value.Layout.Channels, (_, channel) =>
    {
        ActivationLayout layout = Output.Value.Layout;
        for (int row = 0; row < layout.Height; row++)
        {
            SparseKernels.Finish(input.Value.Row(channel, row), layout.RowLength, 0, 1, 0, ResidualRow(channel, row), Floor, Output.Value.Row(channel, row));
        }
    });

    protected override void BackwardCore(Activation gradient)
    {
        GateAll(gradient);
        if (input.NeedsGradient)
        {
            AddTo(gradient, input);
        }
    }
}
