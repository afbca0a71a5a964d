using System.CommandLine;
using System.Globalization;
using Federated.Coordination.Anarchic;
using Federated.Protocol.Jobs;
using Federated.Simulation;
using Federated.Simulation.Data;
using Federated.Simulation.Devices;
using Federated.Simulation.Engine;
using Federated.Simulation.Kernels;
using Federated.Simulation.Models;
using Federated.Simulation.Partitions;
using Federated.Simulation.Pretraining;

namespace Federated.Samples.Simulation;

/// <summary>Turns flags, job file and defaults into a request; flags win over the job file, which wins over the defaults. Collects every error.</summary>
internal sealed class RequestBinding(RunOptions options, ParseResult parsed)
{
    private const int DefaultCohort = 20;
    private readonly List<string> _errors = [];

    /// <exception cref="SimulationException">All errors, one a line.</exception>
    public SimulationRequest Bind()
    {
        JobDefinition? file = Try(() => Get(options.Job) is { } path ? ReadJob(path) : null);
        SimulationSettings data = file?.Simulation ?? new SimulationSettings();
        DatasetRequest? dataset = Try(() => BindDataset(data));
        SimulationDefaults? defaults = dataset is null ? null : Try(() => SimulationDefaults.For(dataset, Get(options.Model) ?? file?.Model).With(Get(options.Algorithm) ?? "fedavg"));
        PartitionSpec? partition = Try(() => (Get(options.Partition) ?? data.Partition) is { } text ? PartitionSpec.Parse(text) : null)
            ?? (defaults is null ? null : PartitionSpec.Parse(defaults.Partition));
        Dictionary<string, string>? modelOptions = Try(() => Pairs(options.ModelOption, data.ModelOptions));
        ModelOptions? model = Try(() => ModelOptions.Parse(modelOptions));
        Dictionary<string, double>? parameters = Try(() => Numbers(Pairs(options.AlgorithmOption, null)));
        FeatureScaling scaling = Try(() => OneOf<FeatureScaling>("scale", Get(options.Scale))) ?? FeatureScaling.Auto;

        // What could not be read is replaced, so that the rest is checked all the same and every mistake is told at once.
        JobDefinition start = file ?? (defaults ?? SimulationDefaults.For(new DatasetRequest { Source = "digits" }, null)).ToJob(Get(options.Seed) ?? 1, DefaultCohort);
        var request = new SimulationRequest
        {
            Job = Override(start, parameters ?? [], modelOptions ?? [], model ?? new ModelOptions()),
            Dataset = dataset ?? new DatasetRequest { Source = "digits" },
            Partition = partition ?? new PartitionSpec(PartitionKind.Iid),
            Pretraining = Try(() => (Get(options.Pretrain) ?? data.Pretrain) is { } text ? PretrainingSpec.Parse(text) : null),
            Scaling = scaling,
            TestFraction = Get(options.TestFraction) ?? data.TestFraction ?? 0.2,
            Clients = Get(options.Clients) ?? data.Clients,
            MinimumExamples = Get(options.MinExamples) ?? 1,
            DropOut = Get(options.DropOut) ?? data.DropOut ?? 0,
            Devices = Try(() => (Get(options.Devices) ?? data.Devices) is { } devices ? DeviceProfile.Find(devices) : null),
            Attack = Get(options.Attack) ?? data.Attack,
            Byzantine = Get(options.Byzantine) ?? data.Byzantine ?? 0,
            Workers = Get(options.Workers) ?? Environment.ProcessorCount,
            Nodes = Get(options.Nodes) ?? 1,
            Device = Get(options.Device) ?? "cpu",
            Kernels = Try(() => OneOf<KernelSetting>("kernels", Get(options.Kernels) ?? data.Kernels)) ?? KernelSetting.Auto,
            ModelOptions = model ?? new ModelOptions(),
            FitCohort = file is null && Get(options.Cohort) is null && Get(options.Concurrency) is null,
        };
        if (Get(options.Concurrency) is { } concurrency && !AnarchicAlgorithms.BuiltIn.Has(request.Job.Algorithm.Name))
        {
            _errors.Add($"concurrency {concurrency}: {request.Job.Algorithm.Name} has rounds; give --cohort.");
        }

        if (request.Byzantine > 0 && request.Attack is null && parsed.CommandResult.Command.Options.Contains(options.Attack))
        {
            _errors.Add($"byzantine {request.Byzantine}: say what these clients do with --attack (see 'attacks').");
        }

        _errors.AddRange(SimulationSetup.Validate(request));
        return _errors.Count == 0 ? request : throw new SimulationException(string.Join(Environment.NewLine, _errors.Distinct()));
    }

    private DatasetRequest BindDataset(SimulationSettings data) => new()
    {
        Source = Get(options.Dataset) ?? data.Dataset ?? "digits",
        TestSource = Get(options.TestDataset),
        Format = OneOf<DatasetFormat>("format", Get(options.Format) ?? data.Format),
        Label = Get(options.Label) ?? data.Label,
        Missing = Get(options.Missing) ?? data.Missing,
        Ignore = Get(options.Ignore) ?? [],
        Header = Get(options.Header) switch
        {
            null or "auto" => null,
            "yes" => true,
            "no" => false,
            string other => throw new SimulationException($"header '{other}': expected auto, yes or no."),
        },
        Separator = Get(options.Separator) switch
        {
            null => null,
            "tab" => '\t',
            "space" => ' ',
            [char single] => single,
            string other => throw new SimulationException($"separator '{other}': expected one character, tab or space."),
        },
        ImageShape = Get(options.Image) is { } image ? ParseImage(image) : null,
        SequenceLength = Get(options.SequenceLength) ?? 80,
    };

    private JobDefinition Override(JobDefinition job, Dictionary<string, double> parameters, Dictionary<string, string> modelOptions, ModelOptions model)
    {
        LocalSettings local = job.Local;
        string rule = Get(options.Aggregation) ?? job.Aggregation.Rule;
        (int epochs, int steps) = (Get(options.LocalEpochs), Get(options.LocalSteps)) switch
        {
            (null, null) => (local.Epochs, local.Steps),
            (int wanted, null) => (wanted, 0),
            (null, int wanted) => (0, wanted),
            (int first, int second) => (first, second),
        };
        return job with
        {
            Model = Get(options.Model) ?? job.Model,
            Rounds = Get(options.Rounds) ?? job.Rounds,
            Seed = Get(options.Seed) ?? job.Seed,
            TargetAccuracy = Get(options.TargetAccuracy) ?? job.TargetAccuracy,
            Algorithm = job.Algorithm with
            {
                Name = Get(options.Algorithm) ?? job.Algorithm.Name,
                Parameters = parameters.Count > 0 ? parameters : job.Algorithm.Parameters,
            },
            Local = local with
            {
                Epochs = epochs,
                Steps = steps,
                BatchSize = Get(options.Batch) ?? local.BatchSize,
                LearningRate = Get(options.LearningRate) ?? local.LearningRate,
                Momentum = Get(options.Momentum) ?? local.Momentum,
                WeightDecay = Get(options.WeightDecay) ?? local.WeightDecay,
                ClipNorm = Get(options.ClipNorm) ?? local.ClipNorm,
            },
            ServerOptimizer = job.ServerOptimizer with
            {
                Name = Get(options.ServerOptimizer) ?? job.ServerOptimizer.Name,
                LearningRate = Get(options.ServerLearningRate) ?? job.ServerOptimizer.LearningRate,
                Momentum = Get(options.ServerMomentum) ?? job.ServerOptimizer.Momentum,
            },
            Aggregation = job.Aggregation with
            {
                Rule = rule,
                Byzantine = Get(options.AggregationF) ?? (rule != "mean" ? Get(options.Byzantine) : null) ?? job.Aggregation.Byzantine,
                Exchange = Get(options.Exchange) ?? job.Aggregation.Exchange,
                SketchError = Get(options.SketchError) ?? job.Aggregation.SketchError,
                Weighting = Get(options.Weighting) ?? job.Aggregation.Weighting,
                Statistics = modelOptions.ContainsKey("statistics") ? model.Statistics.ToString().ToLowerInvariant() : job.Aggregation.Statistics,
            },
            Compression = job.Compression with
            {
                Up = Get(options.Compression) ?? job.Compression.Up,
                Down = Get(options.CompressionDown) ?? job.Compression.Down,
                Eta = Get(options.CompressionEta) ?? job.Compression.Eta,
                Momentum = Get(options.CompressionMomentum) ?? job.Compression.Momentum,
                Start = Get(options.CompressionStart) ?? job.Compression.Start,
            },
            Pruning = job.Pruning with
            {
                Method = Get(options.Pruning) ?? job.Pruning.Method,
                Density = Get(options.Density) ?? job.Pruning.Density,
                Candidates = Get(options.PruningCandidates) ?? job.Pruning.Candidates,
                Alpha = Get(options.PruningAlpha) ?? job.Pruning.Alpha,
                AdjustEvery = Get(options.PruningEvery) ?? job.Pruning.AdjustEvery,
                StopAdjusting = Get(options.PruningStop) ?? job.Pruning.StopAdjusting,
                Blocks = Get(options.PruningBlocks) ?? job.Pruning.Blocks,
                Stale = Get(options.PruningStale) ?? job.Pruning.Stale,
                GradientValues = Get(options.PruningGradientValues) ?? job.Pruning.GradientValues,
            },
            Round = job.Round with
            {
                CohortSize = Get(options.Concurrency) ?? Get(options.Cohort) ?? job.Round.CohortSize,
                Selection = Get(options.Selection) ?? job.Round.Selection,
                OverSelection = Get(options.OverSelection) ?? job.Round.OverSelection,
                MinimumToClose = Get(options.MinReports) ?? job.Round.MinimumToClose,
            },
            Evaluation = job.Evaluation with { EveryRounds = Get(options.EvaluateEvery) ?? Math.Max(1, job.Evaluation.EveryRounds) },
            Statistics = job.Statistics with
            {
                Kinds = Get(options.Statistics) is { Length: > 0 } kinds ? [.. kinds] : job.Statistics.Kinds,
                EveryRounds = Get(options.StatisticsEvery) ?? job.Statistics.EveryRounds,
            },
            Simulation = (job.Simulation ?? new SimulationSettings()) with { ModelOptions = modelOptions.Count > 0 ? modelOptions : null },
        };
    }

    private static JobDefinition ReadJob(string path)
    {
        try
        {
            return JobDefinition.Parse(File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
        {
            throw new SimulationException($"{path}: {exception.Message}", exception);
        }
    }

    private Dictionary<string, string> Pairs(Option<string[]> option, Dictionary<string, string>? start)
    {
        var pairs = new Dictionary<string, string>(start ?? [], StringComparer.Ordinal);
        foreach (string pair in Get(option) ?? [])
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw new SimulationException($"{option.Name} '{pair}': expected NAME=VALUE.");
            }

            pairs[pair[..equals]] = pair[(equals + 1)..];
        }

        return pairs;
    }

    private static Dictionary<string, double> Numbers(Dictionary<string, string> pairs) =>
        pairs.ToDictionary(
            pair => pair.Key,
            pair => double.TryParse(pair.Value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                ? number
                : throw new SimulationException($"--algorithm-option '{pair.Key}={pair.Value}': '{pair.Value}' is not a number."));

    private static ModelShape ParseImage(string text)
    {
        int[] sizes = [.. text.Split('x').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int size) && size is > 0 and <= 65536 ? size : 0)];
        return sizes switch
        {
            [> 0, > 0] => ModelShape.Image(1, sizes[0], sizes[1]),
            [> 0, > 0, > 0] => ModelShape.Image(sizes[0], sizes[1], sizes[2]),
            _ => throw new SimulationException($"image '{text}': expected HEIGHTxWIDTH or CHANNELSxHEIGHTxWIDTH, for example 28x28."),
        };
    }

    private static T? OneOf<T>(string option, string? text)
        where T : struct, Enum
    {
        if (text is null)
        {
            return null;
        }

        string? name = Array.Find(Enum.GetNames<T>(), name => name.Equals(text, StringComparison.OrdinalIgnoreCase));
        return name is not null
            ? Enum.Parse<T>(name)
            : throw new SimulationException($"{option} '{text}': expected {string.Join(", ", Enum.GetNames<T>().Select(known => known.ToLowerInvariant()))}.");
    }

    private T? Get<T>(Option<T> option) => parsed.GetValue(option);

    private T? Try<T>(Func<T?> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is SimulationException or ArgumentException)
        {
            _errors.Add(exception.Message);
            return default;
        }
    }
}
