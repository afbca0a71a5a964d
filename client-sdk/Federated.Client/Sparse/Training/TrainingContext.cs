using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Training;

/// <summary>What the operations of a graph share during a pass. The pointers are set for the time of one call.</summary>
internal sealed unsafe class TrainingContext(Workers workers, float[] statistics, long[] counts)
{
    private readonly Dictionary<ActivationLayout, Stack<Activation>> _free = [];

    public Workers Workers { get; } = workers;

    /// <summary>The flat batch-norm statistics; training moves them.</summary>
    public float[] Statistics { get; } = statistics;

    public long[] Counts { get; } = counts;

    /// <summary>The packed parameters.</summary>
    public float* Parameters { get; private set; }

    /// <summary>The packed gradient, zero at the start of a backward pass.</summary>
    public float* Gradient { get; private set; }

    /// <summary>Whether batch norms use their batch.</summary>
    public bool UsesBatch { get; private set; }

    /// <summary>Whether batch norms move the running statistics.</summary>
    public bool MovesStatistics { get; private set; }

    /// <summary>Takes the dense gradients of the weights that were asked for; null for none.</summary>
    public DenseRows? DenseRows { get; set; }

    /// <summary>Sets what a pass works on.</summary>
    public void Begin(float* parameters, float* gradient, bool usesBatch, bool movesStatistics)
    {
        Parameters = parameters;
        Gradient = gradient;
        UsesBatch = usesBatch;
        MovesStatistics = movesStatistics;
    }

    /// <summary>Frees the gradients of a batch size that is no longer in use.</summary>
    public void Forget(int lanes)
    {
        foreach (ActivationLayout layout in _free.Keys.Where(layout => layout.Lanes == lanes).ToArray())
        {
            _free.Remove(layout);
        }
    }

    public Activation Take(ActivationLayout layout) =>
        _free.TryGetValue(layout, out Stack<Activation>? stack) && stack.TryPop(out Activation? activation) ? activation : new Activation(layout);

    public void Give(Activation activation)
    {
        if (!_free.TryGetValue(activation.Layout, out Stack<Activation>? stack))
        {
            _free.Add(activation.Layout, stack = new Stack<Activation>());
        }

        stack.Push(activation);
    }
}
