using Federated.Protocol.Jobs;
using Federated.Protocol.OneByte;
using Federated.Simulation.Data;

namespace Federated.Simulation.Engine;

/// <summary>
/// Settings that train well where the user gives none, by the kind of the data. They are ordinary settings: a job file or a flag replaces each of them.
/// </summary>
public sealed record SimulationDefaults
{
    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>How the examples are dealt.</summary>
    public required string Partition { get; init; }

    /// <summary>Number of rounds.</summary>
    public required int Rounds { get; init; }

    /// <summary>Passes over the local data.</summary>
    public required int Epochs { get; init; }

    /// <summary>Examples per step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Local learning rate.</summary>
    public required double LearningRate { get; init; }

    /// <summary>Local momentum.</summary>
    public double Momentum { get; init; }

    /// <summary>Largest norm of a mini-batch gradient; 0 for none.</summary>
    public double ClipNorm { get; init; }

    /// <summary>The defaults for a data set and, where it is given, a model.</summary>
    /// <param name="data">What will be read.</param>
    /// <param name="model">The model that the user chose; null for the default one.</param>
    public static SimulationDefaults For(DatasetRequest data, string? model)
    {
        ArgumentNullException.ThrowIfNull(data);
        DatasetFormat format = DatasetReader.FormatOf(data);
        bool folder = format == DatasetFormat.Csv && (data.Source == "heart-disease" || (Directory.Exists(data.Source) && !DatasetReader.HasTestFile(data.Source)));
        SimulationDefaults defaults = data.Source == "digits" ? Digits : format switch
        {
            DatasetFormat.Idx => Images,
            DatasetFormat.Text => Text,
            DatasetFormat.Libsvm => Sparse,
            _ => folder ? Table with { Partition = "site" } : Table,
        };
        return (model ?? defaults.Model) switch
        {
            string name when name == defaults.Model => defaults,
            "logistic" => defaults with { Model = "logistic", LearningRate = 0.05, Momentum = 0, ClipNorm = 0 },
            "mlp" => defaults with { Model = "mlp", LearningRate = 0.1, Momentum = 0, ClipNorm = 0 },
            string other => defaults with { Model = other, LearningRate = 0.05, ClipNorm = 10 },
        };
    }

    private static SimulationDefaults Digits { get; } = new()
    {
        Model = "cnn",
        Partition = "dirichlet:0.3",
        Rounds = 100,
        Epochs = 5,
        BatchSize = 10,
        LearningRate = 0.1,
    };

    private static SimulationDefaults Images { get; } = new()
    {
        Model = "lenet",
        Partition = "dirichlet:0.3",
        Rounds = 30,
        Epochs = 1,
        BatchSize = 32,
        LearningRate = 0.1,
        ClipNorm = 10,
    };

    private static SimulationDefaults Table { get; } = new()
    {
        Model = "logistic",
        Partition = "dirichlet:0.3",
        Rounds = 30,
        Epochs = 2,
        BatchSize = 32,
        LearningRate = 0.1,
    };

    // Sparse files are larger: less local work keeps one-sided clients from pulling the model apart.
    private static SimulationDefaults Sparse { get; } = Table with { Rounds = 60, Epochs = 1, LearningRate = 0.02 };

    private static SimulationDefaults Text { get; } = new()
    {
        Model = "charlstm",
        Partition = "speaker",
        Rounds = 30,
        Epochs = 1,
        BatchSize = 8,
        LearningRate = 1.0,
        Momentum = 0.9,
        ClipNorm = 5,
    };

    /// <summary>Rounds between evaluations on the test part.</summary>
    public int EvaluateEvery { get; init; } = 1;

    /// <summary>The defaults with an algorithm: one-byte exchange takes many small steps.</summary>
    /// <param name="algorithm">Its name.</param>
    public SimulationDefaults With(string algorithm) => algorithm == OneByteRun.Algorithm
        ? this with { Rounds = 1000, BatchSize = 32, LearningRate = 1e-3, Momentum = 0.9, EvaluateEvery = 20 }
        : this;

    /// <summary>Seconds of virtual time to the deadline and the other round settings stay those of the job definition.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="cohort">Clients of a round.</param>
    public JobDefinition ToJob(ulong seed, int cohort) => new()
    {
        Name = "simulation",
        Model = Model,
        Rounds = Rounds,
        Seed = seed,
        Local = new LocalSettings { Epochs = Epochs, BatchSize = BatchSize, LearningRate = LearningRate, Momentum = Momentum, ClipNorm = ClipNorm },
        Round = new RoundSettings { CohortSize = cohort },
        Evaluation = new EvaluationSettings { EveryRounds = EvaluateEvery },
    };
}
