using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.FedAvg;

/// <summary>
/// Federated averaging (McMahan et al. 2017) with a server optimizer (FedOpt, Reddi et al. 2021): the mean difference between local and global
/// parameters is a step, and with plain SGD at rate 1 the next model is the weighted mean of the local ones. Batch-norm statistics
/// are replaced by their weighted mean when the schema aggregates them. Integer buffers stay as they are.
/// </summary>
internal sealed class FedAvgServer : IServerAlgorithm
{
    private readonly JobDefinition _job;
    private readonly ImmutableArray<SectionSpec> _sections;
    private readonly ServerStep _optimizer;

    public FedAvgServer(JobDefinition job, ModelSchema schema)
    {
        _job = job;
        _sections = SectionsOf(job, schema);
        _optimizer = new ServerStep(job.ServerOptimizer, schema.ParameterCount);
    }

    public ImmutableArray<string> Roles { get; } = [DeviceRoles.Worker];

    public string RoleOf(RoundKey round, uint clientIndex) => DeviceRoles.Worker;

    public ImmutableArray<SectionSpec> UpSections(string role) => _sections;

    public ImmutableArray<DownSection> DownSections(string role) => [];

    public LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role)
    {
        LocalTraining training = LocalTrainings.Of(_job, clientIndex);
        training.Proximal = _job.Algorithm.Parameters.GetValueOrDefault(FedAvgFactory.Proximal);
        return training;
    }

    public void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        if (aggregate.Find(SectionRole.Delta) is { } delta)
        {
            _optimizer.Step(model.Parameters, delta.Single);
        }

        if (aggregate.Find(SectionRole.BnStatistics) is { } statistics)
        {
            statistics.Single.CopyTo(model.Statistics, 0);
        }
    }

    public AlgorithmState? SaveState() => _optimizer.Save();

    public void LoadState(AlgorithmState? state) => _optimizer.Load(state);

    private static ImmutableArray<SectionSpec> SectionsOf(JobDefinition job, ModelSchema schema)
    {
        SectionDenominator denominator =
            job.Aggregation.Weighting == "uniform" ? SectionDenominator.Updates : SectionDenominator.Weight;
        SectionSpec delta = SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, schema.ParameterCount, denominator);
        return schema.AggregatesStatistics
            ? [delta, SectionSpecs.Dense(SectionRole.BnStatistics, SectionDType.F32, schema.StatisticCount, denominator)]
            : [delta];
    }
}
