using Federated.Client.Sparse.Kernels;
using Federated.Client.Sparse.Layout;
using Federated.Protocol.Statistics;

namespace Federated.Client.Sparse.Training;

/// <summary>Batch norm: of the batch in training, of the running statistics otherwise. Every channel is one task and stays in the cache between its passes.</summary>
internal sealed unsafe class NormOperation(
    TrainingContext context,
    TrainingValue input,
    TrainingValue output,
    TrainingValue? residual,
    bool relu,
    NormPlaces places,
    double epsilon) : TrainingOperation(context, output, residual, relu)
{
    /// <summary>How far a batch moves the running statistics, as in PyTorch.</summary>
    private const float Momentum = 0.1f;

    private readonly float[] _mean = new float[input.Value.Layout.Channels];
    private readonly float[] _variance = new float[input.Value.Layout.Channels];
    private readonly float[] _inverse = new float[input.Value.Layout.Channels];

    public NormPlaces Places { get; } = places;

    private int Count => input.Value.Layout.Height * input.Value.Layout.RowLength;

    /// <summary>Adds number, sum and sum of squares of the values that the last pass brought, by channel.</summary>
    public void AddMoments(MomentSums sums, int firstColumn)
    {
        for (int channel = 0; channel < _mean.Length; channel++)
        {
            RowBlock plane = input.Value.Plane(channel);
            sums.Counts[firstColumn + channel] += Count;
            sums.Sums[firstColumn + channel] += TrainingKernels.Sum(plane);
            sums.Squares[firstColumn + channel] += TrainingKernels.SquaresAround(plane, 0);
        }
    }

    public override void Forward()
    {
        Context.Workers.Run(_mean.Length, (_, channel) => Forward(channel));
        if (Context.MovesStatistics && Places.Count >= 0)
        {
            Context.Counts[Places.Count]++;
        }
    }

    protected override void BackwardCore(Activation gradient)
    {
        bool accumulates = false;
        Activation? to = input.NeedsGradient ? input.Write(out accumulates) : null;
        Context.Workers.Run(_mean.Length, (_, channel) => Backward(gradient, channel, to, accumulates));
    }

    private void Forward(int channel)
    {
        RowBlock plane = input.Value.Plane(channel);
        if (Context.UsesBatch)
        {
            double mean = TrainingKernels.Sum(plane) / Count;
            _mean[channel] = (float)mean;
            _variance[channel] = (float)(TrainingKernels.SquaresAround(plane, (float)mean) / Count);
        }
        else
        {
            _mean[channel] = Context.Statistics[Places.Mean + channel];
            _variance[channel] = Context.Statistics[Places.Variance + channel];
        }

        if (Context.MovesStatistics)
        {
            Move(ref Context.Statistics[Places.Mean + channel], _mean[channel]);
            Move(ref Context.Statistics[Places.Variance + channel], (float)(_variance[channel] * (double)Count / Math.Max(Count - 1, 1)));
        }

        double inverse = 1 / Math.Sqrt(_variance[channel] + epsilon);
        _inverse[channel] = (float)inverse;
        float scale = (float)(Context.Parameters[Places.Scale + channel] * inverse), shift = Context.Parameters[Places.Shift + channel];
        for (int row = 0; row < plane.Rows; row++)
        {
            SparseKernels.Finish(input.Value.Row(channel, row), plane.Length, _mean[channel], scale, shift, ResidualRow(channel, row), Floor, Output.Value.Row(channel, row));
        }
    }

    private void Backward(Activation gradient, int channel, Activation? to, bool accumulates)
    {
        Gate(gradient, channel);
        RowBlock g = gradient.Plane(channel), x = input.Value.Plane(channel);
        (double sum, double projected) = TrainingKernels.Project(g, x, _mean[channel]);
        double inverse = _inverse[channel];
        Context.Gradient[Places.Scale + channel] += (float)(projected * inverse);
        Context.Gradient[Places.Shift + channel] += (float)sum;
        if (to is null)
        {
            return;
        }

        // dx = γ/σ · (g - mean(g) - x̂ · mean(g · x̂)), as one multiple of g, one of x - mean and a constant.
        double a = Context.Parameters[Places.Scale + channel] * inverse, b = 0, c = 0;
        if (Context.UsesBatch)
        {
            b = -a * inverse * inverse * projected / Count;
            c = -a * sum / Count;
        }

        TrainingKernels.Combine(g, x, _mean[channel], (float)a, (float)b, (float)c, accumulates, to.Row(channel, 0), to.Layout.RowPitch);
    }

    private static void Move(ref float running, float value) => running = ((1 - Momentum) * running) + (Momentum * value);
}
