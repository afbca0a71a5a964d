using System.Collections.Immutable;
using Federated.Aggregation.ServerOptimizers;
using Federated.Coordination.Algorithms.FedAvg;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms;

/// <summary>
/// What server halves with a state share: one role unless they say otherwise, a server optimizer, and a state of named parts that starts over when what
/// the devices saved becomes void.
/// </summary>
internal abstract class ServerHalf : IServerAlgorithm
{
    private ServerOptimizer _optimizer;
    private int _epoch;

    protected ServerHalf(JobDefinition job, ModelSchema schema)
    {
        Job = job;
        Schema = schema;
        _optimizer = CreateOptimizer();
    }

    public virtual ImmutableArray<string> Roles { get; } = [DeviceRoles.Worker];

    protected JobDefinition Job { get; }

    protected ModelSchema Schema { get; }

    protected string Name => Job.Algorithm.Name;

    public virtual int? Seen => null;

    public virtual int CohortSize(RoundKey round) => 0;

    public virtual string RoleOf(RoundKey round, uint clientIndex) => DeviceRoles.Worker;

    public abstract ImmutableArray<SectionSpec> UpSections(string role);

    public virtual ImmutableArray<SectionRole> KeptSections => [];

    public virtual ImmutableArray<DownSection> DownSections(string role) => [];

    public virtual LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role) => LocalTrainings.Of(Job, clientIndex);

    public abstract void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model);

    public byte[]? SaveState()
    {
        var state = new AlgorithmState(Name);
        if (_optimizer.Name != ServerOptimizerNames.Sgd)
        {
            state.Add<byte>("optimizer", _optimizer.ExportState());
        }

        Save(state);
        if (state.IsEmpty)
        {
            return null;
        }

        state.Add<int>("epoch", [_epoch]);
        return state.ToBytes();
    }

    public void LoadState(ReadOnlySpan<byte> state)
    {
        _optimizer = CreateOptimizer();
        _epoch = 0;
        Reset();
        if (state.IsEmpty)
        {
            return;
        }

        AlgorithmState parts = AlgorithmState.Parse(state, Name);
        _epoch = parts.Read<int>("epoch")[0];
        if (parts.Has("optimizer"))
        {
            _optimizer.ImportState(parts.Bytes("optimizer"));
        }

        Load(parts);
    }

    public void BeginEpoch(int stateEpoch)
    {
        if (stateEpoch != _epoch)
        {
            _epoch = stateEpoch;
            Reset();
        }
    }

    public void Forget(ReadOnlySpan<int> coordinates)
    {
        _optimizer = FedAvgServer.Forgetting(_optimizer, Job.ServerOptimizer, coordinates);
        ForgetVectors(coordinates);
    }

    /// <summary>Moves the parameters by a mean difference.</summary>
    protected void Step(ModelContent model, ReadOnlySpan<float> delta) => _optimizer.Step(model.Parameters, delta);

    /// <summary>Batch-norm statistics become their mean, where updates carried them.</summary>
    protected static void ReplaceStatistics(RoundAggregate aggregate, ModelContent model) =>
        aggregate.Find(SectionRole.BnStatistics)?.Single.CopyTo(model.Statistics, 0);

    /// <summary>Adds the parts of the state.</summary>
    protected virtual void Save(AlgorithmState state)
    {
    }

    /// <summary>Takes what <see cref="Save"/> added.</summary>
    protected virtual void Load(AlgorithmState state)
    {
    }

    /// <summary>Sets these coordinates of what a half remembers to zero.</summary>
    protected virtual void ForgetVectors(ReadOnlySpan<int> coordinates)
    {
    }

    /// <summary>Goes back to the start: no device has saved anything.</summary>
    protected virtual void Reset()
    {
    }

    private ServerOptimizer CreateOptimizer() => FedAvgServer.CreateOptimizer(Job.ServerOptimizer, Schema.ParameterCount);
}
