using Federated.Aggregation.Robust.Catalog;
using Federated.Client.Algorithms;
using Federated.Client.Torch;
using Federated.Client.Training;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Algorithms.Statistics;
using Federated.Coordination.Anarchic;
using Federated.Coordination.Compression;
using Federated.Coordination.Pruning;
using Federated.Coordination.Rounds;
using Federated.Coordination.Selection;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.OneByte;
using Federated.Simulation.Attacks;
using Federated.Simulation.Data;
using Federated.Simulation.Devices;
using Federated.Simulation.Kernels;
using Federated.Simulation.Models;
using Federated.Simulation.Partitions;
using Federated.Simulation.Pretraining;
using Federated.Simulation.Reports;

namespace Federated.Simulation.Engine;

/// <summary>A simulation that is ready to run: data read and dealt, model built, everything checked.</summary>
public sealed class SimulationSetup
{
    private readonly Dataset _dataset;
    private readonly IReadOnlyList<VirtualClient> _clients;

    private SimulationSetup(
        SimulationRequest request, Dataset dataset, PublicData? publicData, IReadOnlyList<VirtualClient> clients, ModelDefinition model, CandidateChoices choices)
    {
        (_dataset, _clients) = (dataset, clients);
        Choices = choices;
        Public = publicData;
        Request = request;
        Model = model;
        Kernels = KernelChoice.Of(request, model);
        (Adversary, DataAttack? data, HashSet<int> attackers) = Oppose(request, clients.Count);
        Attackers = attackers;
        Fleet = request.Devices is null ? null : new DeviceFleet(request.Devices, request.Job.Seed, request.DropOut);
        Backdoor = data?.Patch;
        if (data is null)
        {
            (Dataset, Clients) = (dataset, clients);
            return;
        }

        (ExampleSet poisoned, VirtualClient[] changed) = data.Poison(dataset.Examples, dataset.Shape, dataset.ClassCount, clients, attackers, request.Job.Seed);
        (Dataset, Clients) = (dataset.With(poisoned), changed);
    }

    /// <summary>What was asked for.</summary>
    public SimulationRequest Request { get; }

    /// <summary>The data.</summary>
    public Dataset Dataset { get; }

    /// <summary>The clients and their rows.</summary>
    public IReadOnlyList<VirtualClient> Clients { get; }

    /// <summary>The model, fitted to the data.</summary>
    public ModelDefinition Model { get; }

    /// <summary>Positions of the attackers among the clients; empty without an attack.</summary>
    public IReadOnlySet<int> Attackers { get; }

    /// <summary>The patch that shall make the model answer with the attackers' target; null for other attacks.</summary>
    public BackdoorPatch? Backdoor { get; }

    /// <summary>The clients' devices; null when rounds take no time.</summary>
    internal DeviceFleet? Fleet { get; }

    /// <summary>First masks that the clients of these data have chosen.</summary>
    internal CandidateChoices Choices { get; }

    /// <summary>What the server trains the initial model with; null for nothing.</summary>
    internal PublicData? Public { get; }

    /// <summary>Which kernels run the model under a mask.</summary>
    internal KernelChoice Kernels { get; }

    /// <summary>The attackers; null without an attack.</summary>
    internal Adversary? Adversary { get; }

    /// <summary>Reads, deals, builds and checks.</summary>
    /// <exception cref="SimulationException">Something does not fit; the message lists everything that could be found at once.</exception>
    public static SimulationSetup Prepare(SimulationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (Validate(request) is { Count: > 0 } problems)
        {
            throw new SimulationException(string.Join(Environment.NewLine, problems));
        }

        PartitionSpec partition = request.Partition;
        DatasetRequest data = partition.Kind == PartitionKind.Column ? request.Dataset with { GroupColumn = partition.Column } : request.Dataset;
        (Dataset dataset, PublicData? publicData) = PublicData.Divide(
            Dataset.Load(data, request.TestFraction, request.Scaling, request.Job.Seed), request.Pretraining, request.Job.Seed);
        return Fit(request, dataset, publicData, Partitioner.Deal(dataset, partition, request.Clients, request.MinimumExamples, request.Job.Seed), new CandidateChoices());
    }

    /// <summary>Other settings over the same data, dealt to the same clients; data and partition of the request are not looked at.</summary>
    /// <param name="request">The settings.</param>
    /// <exception cref="SimulationException">Something does not fit.</exception>
    public SimulationSetup With(SimulationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (request.Pretraining?.Examples != Request.Pretraining?.Examples)
        {
            throw new SimulationException($"pretrain {request.Pretraining?.ToString() ?? "none"}: the data were dealt with {Request.Pretraining?.ToString() ?? "none"}; prepare them anew.");
        }

        return Validate(request) is { Count: > 0 } problems
            ? throw new SimulationException(string.Join(Environment.NewLine, problems))
            : Fit(request, _dataset, Public, _clients, Choices);
    }

    private static SimulationSetup Fit(SimulationRequest request, Dataset dataset, PublicData? publicData, IReadOnlyList<VirtualClient> clients, CandidateChoices choices)
    {
        if (request.FitCohort && request.Job.Round.CohortSize > clients.Count)
        {
            request = request with { Job = request.Job with { Round = request.Job.Round with { CohortSize = clients.Count, ReportGoal = 0, MinimumToClose = 1 } } };
        }

        if (request.Job.Round.CohortSize > clients.Count)
        {
            throw new SimulationException(
                $"cohort {request.Job.Round.CohortSize}: there are {clients.Count} clients; give a --cohort of at most that.");
        }

        request = request with { Job = WithSizes(request.Job, dataset) with { Round = request.Job.Round with { Population = clients.Count } } };
        bool isAnarchic = AnarchicAlgorithms.BuiltIn.Has(request.Job.Algorithm.Name);
        if (!isAnarchic && AggregationRules.Validate(request.Job) is { Count: > 0 } unfit)
        {
            throw new SimulationException(string.Join(Environment.NewLine, unfit));
        }

        ModelDefinition model = Build(request, dataset);
        if (isAnarchic && (JobDefinitionError[])[.. AnarchicAlgorithms.BuiltIn.Validate(request.Job), .. AnarchicAlgorithms.BuiltIn.Validate(request.Job, model.Schema)] is { Length: > 0 } refused)
        {
            throw new SimulationException(string.Join(Environment.NewLine, refused.Select(error => error.ToString())));
        }

        CheckMemory(request, model);
        return (JobDefinitionError[])[.. ServerAlgorithms.BuiltIn.Validate(request.Job, model.Schema), .. StatisticsServer.Validate(request.Job, model.Schema), .. CompressionNotes.Validate(request.Job, model.Schema), .. PruningCheck.Validate(request.Job, model.Schema)] is { Length: > 0 } missing
            ? throw new SimulationException(string.Join(Environment.NewLine, missing))
            : new SimulationSetup(request, dataset, publicData, clients, model, choices);
    }

    /// <summary>A data set tells what statistics have to know of its examples.</summary>
    private static JobDefinition WithSizes(JobDefinition job, Dataset dataset) => job.Statistics.Kinds.Count == 0 ? job : job with
    {
        Statistics = job.Statistics with { Features = dataset.Examples.FeatureLength, Labels = dataset.ClassCount },
    };

    /// <summary>Decides who attacks; an attack on data gives the attackers changed copies of their examples.</summary>
    private static (Adversary? Adversary, DataAttack? DataAttack, HashSet<int> Attackers) Oppose(SimulationRequest request, int clients)
    {
        if (request.Attack is null || request.Byzantine == 0)
        {
            return (null, null, []);
        }

        if (request.Byzantine >= clients)
        {
            throw new SimulationException($"byzantine {request.Byzantine}: there are {clients} clients, of which at least one is honest.");
        }

        Attack attack = AttackCatalog.Create(request.Attack);
        HashSet<int> attackers = [.. new CounterRandom(request.Job.Seed, RandomPurpose.Attack, uint.MaxValue).Choose(clients, request.Byzantine)];
        RobustRule? rule = AggregationRules.IsMean(request.Job) ? null : AggregationRules.Of(request.Job);
        return (new Adversary(attack, attackers, rule, request.Job.Seed), attack as DataAttack, attackers);
    }

    /// <summary>Everything that is out of range, without reading the data; empty when nothing is.</summary>
    public static IReadOnlyList<string> Validate(SimulationRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        IReadOnlyList<JobDefinitionError> errors = JobDefinitionValidator.Validate(request.Job);
        List<string> problems = [.. errors.Select(error => error.ToString())];
        if (errors.Count == 0)
        {
            // The number of clients is known once the data are dealt; here it only must not be missing.
            int population = Math.Max(request.Clients ?? 0, request.Job.Round.CohortSize);
            JobDefinition job = request.Job with { Round = request.Job.Round with { Population = population } };
            bool isAnarchic = AnarchicAlgorithms.BuiltIn.Has(job.Algorithm.Name);
            problems.AddRange((isAnarchic ? AnarchicAlgorithms.BuiltIn.Validate(job) : ServerAlgorithms.BuiltIn.Validate(job)).Select(error => error.ToString()));
            problems.AddRange(isAnarchic ? Anarchic(request) : AggregationRules.Validate(request.Job).Select(error => error.ToString()));
            problems.AddRange(Selections.Validate(request.Job).Select(error => error.ToString()));
            if (ServerAlgorithms.BuiltIn.ClientHalfOf(request.Job.Algorithm.Name) is { } half && ClientAlgorithms.Find(half) is null)
            {
                problems.Add($"algorithm.name: '{request.Job.Algorithm.Name}' has no client half in the simulator.");
            }
        }

        if (ModelZoo.Fault(request.Job.Model) is { } wrong)
        {
            problems.Add($"model: {wrong}");
        }

        if (request.Attack is not null && AttackCatalog.TryCreate(request.Attack, out _) is { } fault)
        {
            problems.Add($"attack: {fault}");
        }

        if (request.Devices?.Fault() is { } unfit)
        {
            problems.Add($"devices {request.Devices.Name}: {unfit}");
        }

        if (DeviceFault(request.Device) is { } unknown)
        {
            problems.Add(unknown);
        }

        bool isExchange = request.Job.Algorithm.Name == OneByteRun.Algorithm;
        Require(problems, !isExchange || request.Attack is null, $"attack '{request.Attack}': attackers change updates; {OneByteRun.Algorithm} has none.");
        Require(problems, !isExchange || request.Devices is null, $"devices {request.Devices?.Name}: {OneByteRun.Algorithm} has no virtual time; leave --devices out.");
        Require(problems, !isExchange || request.Nodes == 1, $"nodes {request.Nodes}: {OneByteRun.Algorithm} has no tier; leave --nodes out.");
        Require(problems, request.Byzantine >= 0, $"byzantine {request.Byzantine}: expected at least 0.");
        Require(problems, request.Attack is null || request.Byzantine > 0, $"attack '{request.Attack}' by nobody: give --byzantine as well.");
        Require(problems, request.Workers is >= 1 and <= 1024, $"workers {request.Workers}: expected 1 to 1,024.");
        Require(problems, request.Nodes is >= 1 and <= 256, $"nodes {request.Nodes}: expected 1 to 256.");
        Require(problems, request.DropOut is >= 0 and < 1, $"dropout {request.DropOut}: expected a probability in [0, 1).");
        Require(problems, request.TestFraction is > 0 and < 1, $"test fraction {request.TestFraction}: expected a share in (0, 1).");
        Require(problems, request.Clients is null or >= 1, $"clients {request.Clients}: expected at least 1.");
        Require(problems, request.Pretraining is null or { Examples: >= 2, Steps: >= 1 }, $"pretrain {request.Pretraining}: expected at least 2 examples and 1 step.");
        Require(problems, request.MinimumExamples >= 1, $"minimum examples {request.MinimumExamples}: expected at least 1.");
        Require(problems, request.Dataset.SequenceLength is >= 1 and <= 100_000, $"sequence length {request.Dataset.SequenceLength}: expected 1 to 100,000.");
        return [.. problems.Distinct()];
    }

    /// <summary>What an asynchronous run does not do.</summary>
    private static IEnumerable<string> Anarchic(SimulationRequest request)
    {
        string name = request.Job.Algorithm.Name;
        if (request.Attack is not null && AttackCatalog.TryCreate(request.Attack, out Attack? attack) is null && attack is not DataAttack)
        {
            yield return $"attack '{request.Attack}': {name} has no rounds whose updates attackers could see; only attacks on data are possible.";
        }

        if (request.Nodes > 1)
        {
            yield return $"nodes {request.Nodes}: {name} has no tier; leave --nodes out.";
        }
    }

    private static string? DeviceFault(string device)
    {
        try
        {
            TorchRuntime.SelectDeviceOrCpu(device, out _);
            return null;
        }
        catch (ArgumentException exception)
        {
            return $"device: {exception.Message.Split(" (Parameter", StringSplitOptions.None)[0]}";
        }
    }

    /// <summary>Rules other than the mean keep every update of a round: a run that cannot is refused before it trains.</summary>
    private static void CheckMemory(SimulationRequest request, ModelDefinition model)
    {
        int updates = RoundTerms.ForTraining(request.Job).Target;
        int estimates = Math.Min(CompressionNotes.EstimatesKept(request.Job, model.Schema), Math.Max(updates, request.Job.Round.Population));
        double needed = 4.0 * model.Schema.ParameterCount * (updates + estimates);
        long available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (!AggregationRules.IsMean(request.Job) && needed > available)
        {
            throw new SimulationException(
                $"aggregation {request.Job.Aggregation.Rule}: it keeps {updates} updates of {Sizes.Text(4.0 * model.Schema.ParameterCount)} until a round closes{(estimates > 0 ? $", and as large estimates of {estimates} clients" : "")}, {Sizes.Text(needed)} in all; there are {Sizes.Text(available)} of memory. Give a smaller --cohort or another rule.");
        }
    }

    private static ModelDefinition Build(SimulationRequest request, Dataset dataset)
    {
        if (dataset.ClassCount < 2)
        {
            throw new SimulationException($"{dataset.Name}: all examples have the label '{string.Join("", dataset.ClassNames)}'; a model needs at least 2 classes.");
        }

        try
        {
            return ModelZoo.Create(request.Job.Model, dataset.Shape, dataset.ClassCount, request.ModelOptions);
        }
        catch (ArgumentException exception)
        {
            throw new SimulationException($"{exception.Message.Split(" (Parameter", StringSplitOptions.None)[0]}", exception);
        }
    }

    private static void Require(List<string> problems, bool good, string problem)
    {
        if (!good)
        {
            problems.Add(problem);
        }
    }
}
