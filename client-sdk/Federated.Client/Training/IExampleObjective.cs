namespace Federated.Client.Training;

/// <summary>An objective whose examples can be exchanged, so that one instance serves many clients of a worker thread.</summary>
public interface IExampleObjective : IObjective
{
    /// <summary>The set that was selected last.</summary>
    /// <exception cref="InvalidOperationException">None was selected.</exception>
    ExampleSet Examples { get; }

    /// <summary>The client's rows of it; empty before the first selection.</summary>
    ReadOnlyMemory<int> Rows { get; }

    /// <summary>Makes a client's examples current. Nothing is copied.</summary>
    /// <param name="examples">The shared set.</param>
    /// <param name="indices">The client's rows of it, in the order by which batches name them.</param>
    /// <exception cref="ArgumentException">The set's row lengths or classes do not fit the model.</exception>
    void Select(ExampleSet examples, ReadOnlyMemory<int> indices);
}
