using Federated.Protocol.V1;

namespace Federated.Client.Training;

/// <summary>The local work of one client in one round: stochastic gradient descent with optional corrections.</summary>
public sealed record LocalSgdPlan
{
    /// <summary>Passes over the local examples; 0 when <see cref="Steps"/> counts.</summary>
    public int Epochs { get; init; }

    /// <summary>Optimizer steps; 0 when <see cref="Epochs"/> counts. Steps go on into further passes as needed.</summary>
    public int Steps { get; init; }

    /// <summary>Examples a step; 0 means all. The last batch of a pass may be smaller.</summary>
    public int BatchSize { get; init; }

    /// <summary>Step size, above 0.</summary>
    public double LearningRate { get; init; }

    /// <summary>Heavy-ball momentum, 0 to 1 exclusive. The momentum starts from zero in every round.</summary>
    public double Momentum { get; init; }

    /// <summary>Coefficient of the L2 penalty: its gradient is this times the parameters.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Coefficient mu of the proximal term mu/2 ||y - x||², x being the parameters that the work starts from.</summary>
    public double Proximal { get; init; }

    /// <summary>Largest L2 norm of a batch gradient, before corrections; larger ones are scaled down. 0 means no limit.</summary>
    public double ClipNorm { get; init; }

    /// <summary>Reads the plan of a task.</summary>
    /// <param name="settings">The task's local training.</param>
    /// <exception cref="ArgumentException">A setting is out of range; the message names it.</exception>
    public static LocalSgdPlan From(LocalTraining settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var plan = new LocalSgdPlan
        {
            Epochs = checked((int)settings.Epochs),
            Steps = checked((int)settings.Steps),
            BatchSize = checked((int)settings.BatchSize),
            LearningRate = settings.LearningRate,
            Momentum = settings.Momentum,
            WeightDecay = settings.WeightDecay,
            Proximal = settings.Proximal,
            ClipNorm = settings.ClipNorm,
        };
        plan.Validate();
        return plan;
    }

    /// <summary>Checks every setting.</summary>
    /// <exception cref="ArgumentException">A setting is out of range; the message names it.</exception>
    public void Validate()
    {
        if (FindProblem() is { } problem)
        {
            throw new ArgumentException(problem);
        }
    }

    /// <summary>Steps that the plan takes on a client.</summary>
    /// <param name="examples">The client's examples; 0 gives 0.</param>
    public int StepsFor(int examples)
    {
        int batch = BatchSize == 0 ? examples : Math.Min(BatchSize, examples);
        return examples == 0 ? 0 : Steps > 0 ? Steps : checked(Epochs * ((examples + batch - 1) / batch));
    }

    /// <summary>Examples that so many steps take together; an example counts each time.</summary>
    /// <param name="steps">Steps, from the start of a pass.</param>
    /// <param name="examples">The client's examples.</param>
    public long ExamplesIn(int steps, int examples)
    {
        if (steps <= 0 || examples == 0)
        {
            return 0;
        }

        int batch = BatchSize == 0 ? examples : Math.Min(BatchSize, examples);
        int stepsOfPass = (examples + batch - 1) / batch;
        return ((long)(steps / stepsOfPass) * examples) + ((long)(steps % stepsOfPass) * batch);
    }

    // The messages are built only when one is needed: validation runs for every client.
    private string? FindProblem() => this switch
    {
        { Epochs: < 0 } or { Steps: < 0 } or { Epochs: 0, Steps: 0 } or { Epochs: > 0, Steps: > 0 } =>
            $"Exactly one of Epochs ({Epochs}) and Steps ({Steps}) must be above 0.",
        { BatchSize: < 0 } => $"BatchSize is {BatchSize}; it must not be negative.",
        { LearningRate: not (> 0 and < double.PositiveInfinity) } => $"LearningRate is {LearningRate}; it must be above 0.",
        { Momentum: not (>= 0 and < 1) } => $"Momentum is {Momentum}; it must be in 0 to 1, exclusive.",
        { WeightDecay: not (>= 0 and < double.PositiveInfinity) } => $"WeightDecay is {WeightDecay}; it must not be negative.",
        { Proximal: not (>= 0 and < double.PositiveInfinity) } => $"Proximal is {Proximal}; it must not be negative.",
        { ClipNorm: not (>= 0 and < double.PositiveInfinity) } => $"ClipNorm is {ClipNorm}; it must not be negative.",
        _ => null,
    };
}
