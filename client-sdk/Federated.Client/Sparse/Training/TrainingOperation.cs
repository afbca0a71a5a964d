using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Training;

/// <summary>One operation of the graph, with the addition and the ReLU that follow it.</summary>
internal abstract unsafe class TrainingOperation(TrainingContext context, TrainingValue output, TrainingValue? residual, bool relu)
{
    protected TrainingContext Context { get; } = context;

    public TrainingValue Output { get; } = output;

    protected TrainingValue? Residual { get; } = residual;

    protected float Floor { get; } = relu ? 0 : float.NegativeInfinity;

    public abstract void Forward();

    /// <summary>Brings the gradient of <see cref="Output"/> to the parameters and the inputs.</summary>
    public void Backward()
    {
        if (Output.Gradient is null)
        {
            return;
        }

        BackwardCore(Output.Gradient);
        if (Residual is { NeedsGradient: true } && !Residual.TryTakeOver(Output))
        {
            AddTo(Output.Gradient!, Residual);
        }

        Output.Release();
    }

    protected abstract void BackwardCore(Activation gradient);

    /// <summary>Zeroes the gradient of one channel where ReLU cut its output off.</summary>
    protected void Gate(Activation gradient, int channel)
    {
        if (relu)
        {
            TrainingKernels.Gate(gradient.Plane(channel), Output.Value.Plane(channel));
        }
    }

    /// <summary>The same for all channels.</summary>
    protected void GateAll(Activation gradient)
    {
        if (relu)
        {
            Context.Workers.Run(gradient.Layout.Channels, (_, channel) => Gate(gradient, channel));
        }
    }

    protected float* ResidualRow(int channel, int row) => Residual is null ? null : Residual.Value.Row(channel, row);

    /// <summary>Adds a gradient to that of a value of the same shape.</summary>
    protected void AddTo(Activation gradient, TrainingValue value)
    {
        Activation to = value.Write(out bool accumulates);
        Context.Workers.Run(gradient.Layout.Channels, (_, channel) => TrainingKernels.Combine(
            gradient.Plane(channel), gradient.Plane(channel), 0, 1, 0, 0, accumulates, to.Row(channel, 0), to.Layout.RowPitch));
    }
}
