namespace Federated.Aggregation.ServerOptimizers;

/// <summary>
/// Turns the aggregate of a round into the next model (FedOpt, Reddi et al., arXiv:2003.00295): the mean update is a
/// negated gradient. Vectors and state are float32. Used by one caller at a time.
/// </summary>
public abstract class ServerOptimizer
{
    private readonly float[][] _moments;

    private protected ServerOptimizer(string name, int parameterCount, int moments)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(parameterCount);
        Name = name;
        ParameterCount = parameterCount;
        _moments = [.. Enumerable.Range(0, moments).Select(_ => new float[parameterCount])];
    }

    /// <summary>Its name in a job definition.</summary>
    public string Name { get; }

    /// <summary>Elements of the parameter vector.</summary>
    public int ParameterCount { get; }

    /// <summary>Steps taken so far.</summary>
    public long Steps { get; private set; }

    /// <summary>Moves the parameters by one round.</summary>
    /// <param name="parameters">The global parameters; changed.</param>
    /// <param name="aggregateDelta">Mean of (local − global) parameters.</param>
    /// <exception cref="ArgumentException">A vector has another length.</exception>
    public void Step(Span<float> parameters, ReadOnlySpan<float> aggregateDelta)
    {
        if (parameters.Length != ParameterCount || aggregateDelta.Length != ParameterCount)
        {
            throw new ArgumentException(
                $"The server optimizer moves {ParameterCount} parameters; it got {parameters.Length} parameters and a delta of {aggregateDelta.Length}.");
        }

        Steps++;
        Move(parameters, aggregateDelta);
    }

    /// <summary>The state that the next step depends on (layout in <see cref="OptimizerStateFormat"/>).</summary>
    public byte[] ExportState() => OptimizerStateFormat.Write(Name, ParameterCount, Steps, _moments);

    /// <summary>Goes on from an exported state.</summary>
    /// <param name="state">What <see cref="ExportState"/> of an optimizer with the same name and size returned.</param>
    /// <exception cref="InvalidDataException">It is something else, or damaged. The optimizer is unchanged.</exception>
    public void ImportState(ReadOnlySpan<byte> state) => Steps = OptimizerStateFormat.Read(state, Name, ParameterCount, _moments);

    /// <summary>Goes on where another one of the same name is, whose vectors may be of other coordinates.</summary>
    /// <param name="from">The other one.</param>
    /// <param name="carry">Given a vector of the other's state and one of this, which is as at the start, writes what is carried over.</param>
    /// <exception cref="ArgumentException">It has another name.</exception>
    public void Continue(ServerOptimizer from, Action<float[], float[]> carry)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(carry);
        if (from.Name != Name)
        {
            throw new ArgumentException($"'{Name}' cannot go on where '{from.Name}' is.", nameof(from));
        }

        Steps = from.Steps;
        for (int i = 0; i < _moments.Length; i++)
        {
            carry(from._moments[i], _moments[i]);
        }
    }

    private protected float[] Moment(int index) => _moments[index];

    private protected abstract void Move(Span<float> parameters, ReadOnlySpan<float> delta);
}
