using Federated.Protocol.Pruning;

namespace Federated.Client.Training;

/// <summary>A solver that can train a sparse model: what the mask leaves out is zero at every step, in parameters, gradients and momentum.</summary>
public interface IMaskedSolver : ILocalSolver
{
    /// <summary>Sets the mask of the following calls of <see cref="ILocalSolver.Solve"/>.</summary>
    /// <param name="mask">The mask; null for a dense model.</param>
    /// <exception cref="ArgumentException">The mask is of a model of another size.</exception>
    void UseMask(ModelMask? mask);
}
