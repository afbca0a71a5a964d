namespace Federated.Client.Training;

/// <summary>An objective whose examples can be exchanged, so that one instance serves many clients of a worker thread.</summary>
public interface IExampleObjective : IObjective
{
    /// <summary>Makes a client's examples current. Nothing is copied.</summary>
    /// <param name="examples">The shared set.</param>
    /// <param name="indices">The client's rows of it, in the order by which batches name them.</param>
    /// <exception cref="ArgumentException">The set's row lengths or classes do not fit the model.</exception>
    void Select(ExampleSet examples, ReadOnlyMemory<int> indices);
}
