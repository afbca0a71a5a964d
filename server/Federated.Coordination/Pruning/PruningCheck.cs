using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Anarchic;
using Federated.Protocol.Codecs;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Pruning;

namespace Federated.Coordination.Pruning;

/// <summary>What of a definition does not go with a sparse model, and why.</summary>
public static class PruningCheck
{
    /// <summary>Algorithms that forget what leaves the mask (<see cref="IServerAlgorithm.Forget"/>), or remember nothing of the kind.</summary>
    private static readonly string[] Fitting =
        ["fedavg", "fedprox", "fedavgm", "fedadagrad", "fedadam", "fedyogi", "fednova", "qfedavg", "fedamd", "feddyn", "scaffold"];

    /// <summary>Algorithms whose clients keep a vector of the parameters' length from round to round.</summary>
    private static readonly string[] Remembering = ["fedamd", "feddyn", "scaffold"];

    /// <summary>Whether clients keep vectors, which have to follow the mask.</summary>
    /// <param name="job">A valid definition.</param>
    internal static bool ClientsRemember(JobDefinition job) =>
        Remembering.Contains(job.Algorithm.Name) || CompressionSpec.Parse(job.Compression.Up).Feedback != FeedbackKind.None;

    /// <summary>Errors; the settings themselves are in range.</summary>
    /// <param name="job">The definition.</param>
    public static IEnumerable<JobDefinitionError> Validate(JobDefinition job)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (!job.Pruning.IsActive)
        {
            yield break;
        }

        if (!PruningMethods.BuiltIn.Any(factory => factory.Name == job.Pruning.Method))
        {
            yield return new JobDefinitionError(
                "pruning.method", $"'{job.Pruning.Method}' is unknown; known are {string.Join(", ", PruningMethods.BuiltIn.Select(factory => factory.Name).Order(StringComparer.Ordinal))} and {PruningSettings.None}.");
        }

        bool isAsynchronous = AnarchicAlgorithms.BuiltIn.Has(job.Algorithm.Name);
        if (!isAsynchronous && job.Pruning.Remaps(isAsynchronous))
        {
            yield return new JobDefinitionError("pruning.stale", $"'{job.Pruning.Stale}' is not allowed; '{job.Algorithm.Name}' has rounds, which take no update of an earlier round. Leave it out.");
        }

        if (!isAsynchronous && !Fitting.Contains(job.Algorithm.Name))
        {
            yield return new JobDefinitionError(
                "algorithm.name", $"'{job.Algorithm.Name}' does not go with pruning: {WhyUnfit(job.Algorithm.Name)}. Use {string.Join(", ", Fitting)}, or an asynchronous algorithm.");
        }

        var up = CompressionSpec.Parse(job.Compression.Up);
        if (up.Kind is CompressorKind.PowerStep or CompressorKind.Truncate)
        {
            yield return new JobDefinitionError("compression.up", $"'{job.Compression.Up}' does not go with pruning: the active weights of a layer are no matrix. Use topk, randk, qN, sign, f16 or bf16.");
        }

        if (CompressionSpec.Parse(job.Compression.Down).IsActive)
        {
            yield return new JobDefinitionError("compression.down", $"'{job.Compression.Down}' does not go with pruning: a sparse model is sent as its active weights. Leave it out.");
        }
    }

    /// <summary>Errors that show with the initial model of a server's job only.</summary>
    /// <param name="job">A definition that is valid otherwise.</param>
    /// <param name="model">The model, under a mask or not.</param>
    public static IEnumerable<JobDefinitionError> Validate(JobDefinition job, ModelContent model)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(model);
        if (!job.Pruning.IsActive && model.Mask is not null)
        {
            yield return new JobDefinitionError("pruning.method", $"'{job.Pruning.Method}' is not allowed; the initial model is under a mask.");
        }

        foreach (JobDefinitionError error in Validate(job, model.Schema))
        {
            yield return error;
        }
    }

    /// <summary>Errors that show with the model only.</summary>
    /// <param name="job">A definition that is valid otherwise.</param>
    /// <param name="schema">The model.</param>
    public static IEnumerable<JobDefinitionError> Validate(JobDefinition job, ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (!job.Pruning.IsActive)
        {
            yield break;
        }

        var layers = PrunableLayer.Of(schema);
        string? fault = null;
        try
        {
            fault = TooFew(layers, schema.ParameterCount, job.Pruning.Density);
        }
        catch (ArgumentException exception)
        {
            fault = exception.Message;
        }

        if (layers.IsEmpty)
        {
            yield return new JobDefinitionError("pruning.method", $"'{job.Pruning.Method}' is not allowed; model '{job.Model}' has no weight of a convolution or a linear layer.");
        }

        if (fault is not null)
        {
            yield return new JobDefinitionError("pruning.density", fault);
        }
    }

    /// <summary>A file with fewer is not read (<see cref="SparseModelFile.MaxExpansion"/>).</summary>
    private static string? TooFew(ImmutableArray<PrunableLayer> layers, int parameters, double density)
    {
        long left = parameters - layers.Sum(layer => (long)layer.Count) + LayerBudgets.Total(layers, density);
        return left * SparseModelFile.MaxExpansion >= parameters
            ? null
            : $"Density {density} leaves {left} of {parameters} parameters, biases and normalisation included; a model file holds at least one in {SparseModelFile.MaxExpansion}.";
    }

    private static string WhyUnfit(string algorithm) => algorithm is "fedpage" or "bvrlsgd"
        ? "its steps follow an estimate of the whole gradient that the server takes for exact, and of a grown weight there is none"
        : "what devices send is no vector of weights";
}
