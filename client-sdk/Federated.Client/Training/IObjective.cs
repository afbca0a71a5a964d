namespace Federated.Client.Training;

/// <summary>
/// A loss over a client's examples as a function of one flat parameter vector. The instance owns scratch memory: it serves one thread at a time.
/// </summary>
public interface IObjective
{
    /// <summary>Elements of the parameter vector.</summary>
    int ParameterCount { get; }

    /// <summary>Elements of the vector of batch-norm statistics; 0 for models without.</summary>
    int StatisticCount => 0;

    /// <summary>Elements of the vector of integer buffers; 0 for models without.</summary>
    int CountCount => 0;

    /// <summary>Examples that a batch may name: 0 to this, exclusive.</summary>
    int ExampleCount { get; }

    /// <summary>Replaces the buffers that the forward pass moves.</summary>
    /// <param name="statistics">Float32, <see cref="StatisticCount"/> elements.</param>
    /// <param name="counts">Int64, <see cref="CountCount"/> elements, or empty to leave them as they are.</param>
    /// <exception cref="ArgumentException">A vector has the wrong length.</exception>
    void LoadStatistics(ReadOnlySpan<float> statistics, ReadOnlySpan<long> counts)
    {
    }

    /// <summary>Copies out the buffers that the forward pass moves.</summary>
    /// <param name="statistics">Float32, <see cref="StatisticCount"/> elements.</param>
    /// <param name="counts">Int64, <see cref="CountCount"/> elements, or empty to skip them.</param>
    /// <exception cref="ArgumentException">A vector has the wrong length.</exception>
    void StoreStatistics(Span<float> statistics, Span<long> counts)
    {
    }

    /// <summary>
    /// Fixes the random parts of the following passes, such as dropout masks. The same key and step give the same masks, so
    /// two passes over one batch can share them.
    /// </summary>
    /// <param name="key">The client and round.</param>
    /// <param name="step">The local step.</param>
    void UseMasks(TrainingKey key, int step)
    {
    }

    /// <summary>The mean loss over a batch and its gradient, in training mode (dropout on, batch statistics move).</summary>
    /// <param name="parameters"><see cref="ParameterCount"/> elements.</param>
    /// <param name="batch">Indices of examples, at least one, each below <see cref="ExampleCount"/>.</param>
    /// <param name="gradient">Overwritten; <see cref="ParameterCount"/> elements.</param>
    /// <returns>The mean loss; not finite when the model has diverged.</returns>
    double LossAndGradient(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch, Span<float> gradient);

    /// <summary>The mean loss over a batch, in evaluation mode (dropout off, statistics frozen).</summary>
    /// <param name="parameters"><see cref="ParameterCount"/> elements.</param>
    /// <param name="batch">Indices of examples, at least one, each below <see cref="ExampleCount"/>.</param>
    double Loss(ReadOnlySpan<float> parameters, ReadOnlySpan<int> batch);

    /// <summary>Evaluates all examples, in evaluation mode.</summary>
    /// <param name="parameters"><see cref="ParameterCount"/> elements.</param>
    /// <param name="cancellationToken">Ends the evaluation with an exception.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Evaluation Evaluate(ReadOnlySpan<float> parameters, CancellationToken cancellationToken = default);
}
