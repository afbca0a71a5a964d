using Federated.Protocol.Pruning;

namespace Federated.Client.Training;

/// <summary>Checks what every solver is given.</summary>
public static class SolverArguments
{
    /// <summary>Checks the plan and the lengths.</summary>
    /// <param name="plan">The settings.</param>
    /// <param name="parameterCount">Elements of the objective's parameter vector.</param>
    /// <param name="start">The global parameters.</param>
    /// <param name="correction">The correction; may be empty.</param>
    /// <param name="local">Where the local parameters go.</param>
    /// <exception cref="ArgumentException">A vector has the wrong length, or a setting is out of range.</exception>
    public static void Check(LocalSgdPlan plan, int parameterCount, ReadOnlySpan<float> start, ReadOnlySpan<float> correction, ReadOnlySpan<float> local)
    {
        ArgumentNullException.ThrowIfNull(plan);
        plan.Validate();
        CheckLength(parameterCount, start.Length, nameof(start));
        CheckLength(parameterCount, local.Length, nameof(local));
        if (!correction.IsEmpty)
        {
            CheckLength(parameterCount, correction.Length, nameof(correction));
        }
    }

    /// <summary>Checks the length of one vector.</summary>
    /// <param name="expected">What the model has.</param>
    /// <param name="actual">What the vector has.</param>
    /// <param name="name">The vector's name, for the message.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void CheckLength(int expected, int actual, string name)
    {
        if (actual != expected)
        {
            throw new ArgumentException($"The model has {expected} elements, the vector '{name}' has {actual}.", name);
        }
    }

    /// <summary>Checks the size of a mask.</summary>
    /// <param name="mask">The mask; null for none.</param>
    /// <param name="parameterCount">Elements of the objective's parameter vector.</param>
    /// <exception cref="ArgumentException">The sizes differ.</exception>
    public static void CheckMask(ModelMask? mask, int parameterCount)
    {
        if (mask is not null && mask.ParameterCount != parameterCount)
        {
            throw new ArgumentException($"The model has {parameterCount} elements, the mask is for {mask.ParameterCount}.", nameof(mask));
        }
    }
}
