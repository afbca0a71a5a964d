using System.Collections.Immutable;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>
/// Structured pruning after LAPP (arXiv 2309.14157): in the first rounds of training from scratch whole output channels leave, over all layers together, until the budget is met; the shares of the layers
/// come out by themselves. What is left becomes a smaller dense network (<c>SparseNetwork.WithoutDeadChannels</c>).
/// </summary>
/// <remarks>
/// Our own choices, because the paper's forms are not known to us: the importance of a channel is the root mean square of its weights over that of its layer; the threshold is not learnt but follows a cubic
/// descent; the budget counts weights instead of FLOPs; there is no bypass. Every layer keeps an eighth of its channels, and the last layer all: they are the classes. So
/// densities below that are not reached.
/// </remarks>
internal sealed class ChannelMethod(PruningSettings settings, ModelSchema schema) : IPruningMethod
{
    private const int KeptShare = 8;

    private readonly PruningSchedule _schedule = new(settings.Alpha, settings.AdjustEvery, settings.StopAdjusting, Blocks: 1);
    private readonly CubicDescent _descent = new(1, settings.Density, settings.StopAdjusting - (settings.StopAdjusting % settings.AdjustEvery));

    public ImmutableArray<ModelMask> Candidates(ReadOnlySpan<float> parameters)
    {
        ModelMask full = ModelMask.Full(schema, 1);
        return [_descent.Last > 0 ? full : full.With(1, Pruned(full, parameters, settings.Density))];
    }

    public PruningDemand DemandFor(int round, ModelMask mask) => PruningDemand.None;

    public ModelMask Next(PruningRound round)
    {
        if (!_schedule.IsAdjustment(round.Number))
        {
            return round.Mask;
        }

        int[][] active = Pruned(round.Mask, round.After.Span, _descent.At(round.Number));
        return active.Sum(indices => indices.Length) < round.Mask.ActiveCount ? round.Mask.With(round.Mask.Epoch + 1, active) : round.Mask;
    }

    private static int[][] Pruned(ModelMask mask, ReadOnlySpan<float> parameters, double density)
    {
        long budget = LayerBudgets.Total(mask.Layers, density);
        long active = mask.ActiveCount;
        var channels = new List<(double Importance, int Layer, int Row)>();
        List<int>[] rows = [.. mask.Layers.Select((layer, l) => mask.Active(l).ToArray().Select(index => index / layer.Columns).Distinct().ToList())];
        for (int l = 0; l < rows.Length - 1; l++)
        {
            PrunableLayer layer = mask.Layers[l];
            double[] squares = new double[layer.Rows];
            foreach (int row in rows[l])
            {
                squares[row] = SumOfSquares(parameters.Slice(layer.Start + (row * layer.Columns), layer.Columns));
            }

            double mean = Math.Max(double.Epsilon, rows[l].Sum(row => squares[row]) / rows[l].Count);
            channels.AddRange(rows[l].Select(row => (squares[row] / mean, l, row)));
        }

        foreach ((_, int l, int row) in channels.Order())
        {
            if (active <= budget)
            {
                break;
            }

            if (rows[l].Count > Math.Max(1, mask.Layers[l].Rows / KeptShare))
            {
                rows[l].Remove(row);
                active -= mask.Layers[l].Columns;
            }
        }

        return [.. rows.Select((kept, l) => kept.SelectMany(row => Enumerable.Range(row * mask.Layers[l].Columns, mask.Layers[l].Columns)).ToArray())];
    }

    private static double SumOfSquares(ReadOnlySpan<float> weights)
    {
        double sum = 0;
        foreach (float weight in weights)
        {
            sum += (double)weight * weight;
        }

        return sum;
    }
}
