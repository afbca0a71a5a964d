using System.Text.Json;

namespace Federated.Protocol.Jobs;

/// <summary>
/// What a job is: the one document for REST, the simulator's <c>--job</c> file and the database. Every member has a
/// default; <see cref="JobDefinitionValidator"/> says what is out of range, all at once. Treated as immutable once read
/// (copies by <c>with</c>): the members have setters because generated JSON readers keep the defaults of absent members
/// only then.
/// </summary>
public sealed record JobDefinition
{
    /// <summary>The document version that this build reads and writes.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Document version; 1.</summary>
    public int Version { get; set; } = CurrentVersion;

    /// <summary>A name for people, 1 to 100 characters.</summary>
    public string Name { get; set; } = "federated-job";

    /// <summary>Name of the architecture, for devices that build the module by name, such as <c>logistic</c>.</summary>
    public string Model { get; set; } = "logistic";

    /// <summary>With <see cref="Model"/> <c>logistic</c>: its size, when the job starts from zeros; null when an initial model is uploaded.</summary>
    public LinearModelSettings? Linear { get; set; }

    /// <summary>Number of training rounds, 1 to 1,000,000.</summary>
    public int Rounds { get; set; } = 20;

    /// <summary>The job ends early when an evaluation reaches this accuracy, in (0, 1]; null for never.</summary>
    public double? TargetAccuracy { get; set; }

    /// <summary>Seed of every random draw of the job.</summary>
    public ulong Seed { get; set; } = 1;

    /// <summary>The algorithm and its own parameters.</summary>
    public AlgorithmSettings Algorithm { get; set; } = new();

    /// <summary>Local training on a device.</summary>
    public LocalSettings Local { get; set; } = new();

    /// <summary>The server optimizer.</summary>
    public ServerOptimizerSettings ServerOptimizer { get; set; } = new();

    /// <summary>The aggregation rule.</summary>
    public AggregationSettings Aggregation { get; set; } = new();

    /// <summary>How updates are made smaller.</summary>
    public CompressionSettings Compression { get; set; } = new();

    /// <summary>Training of a sparse model.</summary>
    public PruningSettings Pruning { get; set; } = new();

    /// <summary>Cohort, report goal, deadline.</summary>
    public RoundSettings Round { get; set; } = new();

    /// <summary>Federated evaluation.</summary>
    public EvaluationSettings Evaluation { get; set; } = new();

    /// <summary>Pooled statistics of the devices' data.</summary>
    public StatisticsSettings Statistics { get; set; } = new();

    /// <summary>What a device may claim.</summary>
    public BoundSettings Bounds { get; set; } = new();

    /// <summary>Data and virtual clients of a simulation; ignored by a server.</summary>
    public SimulationSettings? Simulation { get; set; }

    /// <summary>Reads the JSON form. Comments and trailing commas are allowed, unknown members are not.</summary>
    /// <param name="utf8Json">The document.</param>
    /// <exception cref="InvalidDataException">The document is malformed; the message names the member, the line and the byte.</exception>
    public static JobDefinition Parse(ReadOnlySpan<byte> utf8Json)
    {
        try
        {
            return JsonSerializer.Deserialize(utf8Json, ProtocolJson.Indented.JobDefinition)
                ?? throw new InvalidDataException("The job definition is the JSON literal null.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException(
                $"The job definition is malformed at {exception.Path ?? "$"} (line {(exception.LineNumber ?? 0) + 1}, byte {exception.BytePositionInLine ?? 0}): {exception.Message}",
                exception);
        }
    }

    /// <summary>Writes the JSON form, indented.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ProtocolJson.Indented.JobDefinition);
}
