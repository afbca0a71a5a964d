using System.Collections.Immutable;
using Federated.Aggregation.ServerOptimizers;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Algorithms.FedAvg;

/// <summary>
/// Makes <see cref="FedAvgServer"/>, under its own name or under that of a special case: FedProx has a proximal term, and the members of the FedOpt
/// family have a server optimizer of their own. All of them run the client half <c>fedavg</c>.
/// </summary>
internal sealed class FedAvgFactory : AlgorithmFactory
{
    private readonly AlgorithmParameter _proximal;
    private readonly string? _optimizer;

    private FedAvgFactory(string name, string summary, double proximal = 0, string? optimizer = null)
    {
        Name = name;
        Summary = summary;
        _optimizer = optimizer;
        _proximal = new AlgorithmParameter("proximal", proximal, "at least 0", value => value >= 0, "coefficient mu of the local term mu/2 ||y - x||²; 0 for none");
    }

    /// <summary>FedAvg and its named special cases, with the defaults that their papers or common implementations use.</summary>
    public static ImmutableArray<FedAvgFactory> All { get; } =
    [
        new("fedavg", "federated averaging (McMahan et al. 2017), with any server optimizer"),
        new("fedprox", "FedAvg with a proximal term (Li et al. 2020)", proximal: 0.01),
        new("fedavgm", "FedAvg with server momentum (Hsu et al. 2019); 0.9 and rate 1 unless given", optimizer: ServerOptimizerNames.Momentum),
        new("fedadagrad", "FedAvg with Adagrad on the server (Reddi et al. 2021)", optimizer: ServerOptimizerNames.Adagrad),
        new("fedadam", "FedAvg with Adam on the server (Reddi et al. 2021)", optimizer: ServerOptimizerNames.Adam),
        new("fedyogi", "FedAvg with Yogi on the server (Reddi et al. 2021)", optimizer: ServerOptimizerNames.Yogi),
    ];

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Summary { get; }

    /// <inheritdoc/>
    public override ImmutableArray<AlgorithmParameter> Parameters => [_proximal];

    /// <inheritdoc/>
    public override string ClientHalf => "fedavg";

    /// <inheritdoc/>
    public override IServerAlgorithm Create(JobDefinition job, ModelSchema schema) => new FedAvgServer(job, schema, OptimizerOf(job), _proximal.Of(job));

    /// <inheritdoc/>
    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        // The definition's own default is sgd: for a named special case it means that nothing was chosen.
        if (_optimizer is not null && job.ServerOptimizer.Name != ServerOptimizerNames.Sgd && job.ServerOptimizer.Name != _optimizer)
        {
            errors.Add(new JobDefinitionError(
                "serverOptimizer.name", $"'{job.ServerOptimizer.Name}' is not allowed; the server optimizer of {Name} is {_optimizer}. Use fedavg to choose one."));
            return;
        }

        CheckOptimizer(OptimizerOf(job), errors);
    }

    private ServerOptimizerSettings OptimizerOf(JobDefinition job) =>
        _optimizer is null ? job.ServerOptimizer : job.ServerOptimizer with { Name = _optimizer };
}
