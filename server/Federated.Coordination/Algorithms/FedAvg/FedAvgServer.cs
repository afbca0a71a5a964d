using System.Collections.Immutable;
using Federated.Aggregation.ServerOptimizers;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
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
    private readonly int _parameterCount;
    private readonly ServerOptimizerSettings _settings;
    private readonly double _proximal;
    private ServerOptimizer _optimizer;

    public FedAvgServer(JobDefinition job, ModelSchema schema, ServerOptimizerSettings optimizer, double proximal)
    {
        _job = job;
        _sections = [.. TrainingSections.Of(schema, TrainingSections.Weighting(job))];
        _parameterCount = schema.ParameterCount;
        _settings = optimizer;
        _proximal = proximal;
        _optimizer = CreateOptimizer(optimizer, _parameterCount);
    }

    public ImmutableArray<string> Roles { get; } = [DeviceRoles.Worker];

    public string RoleOf(RoundKey round, uint clientIndex) => DeviceRoles.Worker;

    public ImmutableArray<SectionSpec> UpSections(string role) => _sections;

    public ImmutableArray<DownSection> DownSections(string role) => [];

    public LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role)
    {
        LocalTraining training = LocalTrainings.Of(_job, clientIndex, clientHalf: "fedavg");
        training.Proximal = _proximal;
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

    public byte[]? SaveState() =>
        _optimizer.Steps == 0 || _optimizer.Name == ServerOptimizerNames.Sgd ? null : _optimizer.ExportState();

    public void LoadState(ReadOnlySpan<byte> state)
    {
        ServerOptimizer optimizer = CreateOptimizer(_settings, _parameterCount);
        if (!state.IsEmpty)
        {
            optimizer.ImportState(state);
        }

        _optimizer = optimizer;
    }

    public void Forget(ReadOnlySpan<int> coordinates) => _optimizer = Forgetting(_optimizer, _settings, coordinates);

    /// <summary>The optimizer with the state of these coordinates as at the start.</summary>
    internal static ServerOptimizer Forgetting(ServerOptimizer optimizer, ServerOptimizerSettings settings, ReadOnlySpan<int> coordinates)
    {
        int[] forgotten = coordinates.ToArray();
        ServerOptimizer next = CreateOptimizer(settings, optimizer.ParameterCount);
        next.Continue(optimizer, (before, start) =>
        {
            float[] initial = [.. forgotten.Select(coordinate => start[coordinate])];
            before.CopyTo(start, 0);
            for (int i = 0; i < initial.Length; i++)
            {
                start[forgotten[i]] = initial[i];
            }
        });
        return next;
    }

    internal static ServerOptimizer CreateOptimizer(ServerOptimizerSettings settings, int parameterCount) =>
        ServerOptimizerFactory.Create(
            settings.Name,
            parameterCount,
            settings.LearningRate,
            settings.Momentum,
            settings.Beta2,
            settings.Tau,
            settings.BiasCorrection);
}
