using Federated.Client.Sparse.Layout;

namespace Federated.Client.Sparse.Training;

/// <summary>The output of an operation and, from the first user that writes it to the operation's own backward pass, its gradient.</summary>
internal sealed class TrainingValue(TrainingContext context, ActivationLayout layout, int gradientHalo, bool needsGradient)
{
    public Activation Value { get; } = new(layout);

    /// <summary>False for the network's input.</summary>
    public bool NeedsGradient { get; } = needsGradient;

    /// <summary>Null when no user has written it.</summary>
    public Activation? Gradient { get; private set; }

    public ActivationLayout GradientLayout { get; } = layout with { Halo = gradientHalo };

    /// <summary>The gradient to write to.</summary>
    /// <param name="accumulates">Whether to add to what is there; otherwise everything within the halo is to be overwritten.</param>
    public Activation Write(out bool accumulates)
    {
        accumulates = Gradient is not null;
        return Gradient ??= context.Take(GradientLayout);
    }

    /// <summary>Takes over the gradient of a value that is done with it, where that is possible.</summary>
    public bool TryTakeOver(TrainingValue other)
    {
        if (Gradient is not null || GradientLayout != other.GradientLayout)
        {
            return false;
        }

        (Gradient, other.Gradient) = (other.Gradient, null);
        return true;
    }

    public void Release()
    {
        if (Gradient is not null)
        {
            context.Give(Gradient);
            Gradient = null;
        }
    }
}
