using Federated.Client.Sparse.Inference;

namespace Federated.Client.Sparse;

/// <summary>
/// Runs a <see cref="SparseNetwork"/> on batches. Examples go through in panels; workers take panels in turn, and what an example is given does not depend on their number. The instance owns the
/// memory between the layers, which it takes at the first batch of a size and keeps, and for panels of 16 a copy of the linear layers in the order of columns; it serves one caller at a time.
/// </summary>
public sealed class SparseInference
{
    private const int Panel = PanelProduct.PanelWidth;
    private const int NarrowPanel = 4;

    private readonly SparseNetwork _network;
    private readonly Dictionary<int, PanelPlan>[] _plans;
    private readonly Lazy<PanelProduct>[] _products;

    /// <summary>Prepares to run a network.</summary>
    /// <param name="network">The network; shared and not changed.</param>
    /// <param name="workers">Threads that take panels, at least 1. Default: 1.</param>
    public SparseInference(SparseNetwork network, int workers = 1)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        _network = network;
        _plans = [.. Enumerable.Range(0, workers).Select(_ => new Dictionary<int, PanelPlan>())];
        _products = [.. network.Weights.Select(weights => new Lazy<PanelProduct>(() => new PanelProduct(weights.Matrix!)))];
    }

    /// <summary>Computes the scores of some examples.</summary>
    /// <param name="examples">One example after another: channels, rows, columns; <see cref="SparseNetwork.InputLength"/> floats each.</param>
    /// <param name="scores">Receives <see cref="SparseNetwork.OutputLength"/> floats an example.</param>
    /// <exception cref="ArgumentException">The lengths do not describe the same number of examples.</exception>
    public void Run(ReadOnlyMemory<float> examples, Memory<float> scores)
    {
        int count = examples.Length / _network.InputLength;
        if (examples.Length % _network.InputLength != 0 || (long)count * _network.OutputLength != scores.Length)
        {
            throw new ArgumentException(
                $"{examples.Length} floats in examples of {_network.InputLength} and {scores.Length} scores in rows of {_network.OutputLength} are not the same number of examples.",
                nameof(scores));
        }

        int lanes = LanesFor(count);
        int panels = (count + lanes - 1) / lanes;
        int workers = Math.Min(_plans.Length, panels);
        if (workers == 1)
        {
            for (int panel = 0; panel < panels; panel++)
            {
                RunPanel(0, panel, lanes, examples, scores);
            }
        }
        else if (workers > 1)
        {
            int next = -1;
            Parallel.For(0, workers, new ParallelOptions { MaxDegreeOfParallelism = workers }, worker =>
            {
                for (int panel = Interlocked.Increment(ref next); panel < panels; panel = Interlocked.Increment(ref next))
                {
                    RunPanel(worker, panel, lanes, examples, scores);
                }
            });
        }
    }

    // Full panels use whole vectors; a few examples are better spread, and one example fills vectors with neighbouring pixels.
    private static int LanesFor(int count) => count switch
    {
        1 => 1,
        <= NarrowPanel => NarrowPanel,
        _ => Panel,
    };

    private void RunPanel(int worker, int panel, int lanes, ReadOnlyMemory<float> examples, Memory<float> scores)
    {
        if (!_plans[worker].TryGetValue(lanes, out PanelPlan? plan))
        {
            plan = new PanelPlan(_network, lanes, layer => _products[layer].Value);
            _plans[worker].Add(lanes, plan);
        }

        int first = panel * lanes;
        int inputs = _network.InputLength, outputs = _network.OutputLength;
        int count = Math.Min(lanes, (examples.Length / inputs) - first);
        plan.Run(examples.Span.Slice(first * inputs, count * inputs), count, scores.Span.Slice(first * outputs, count * outputs));
    }
}
