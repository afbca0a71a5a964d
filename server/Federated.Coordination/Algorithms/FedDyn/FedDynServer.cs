using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.FedDyn;

/// <summary>
/// FedDyn (Acar et al. 2021): every device has a linear term g_i that makes the common optimum its own; the server follows their mean,
/// <c>h ← h − (α/N)·Σ(y_i − x); x ← mean(y_i) − h/α</c>. Each client counts once.
/// </summary>
internal sealed class FedDynServer : ServerHalf
{
    private readonly ImmutableArray<SectionSpec> _sections;
    private readonly float[] _mean;
    private readonly double _alpha;

    public FedDynServer(JobDefinition job, ModelSchema schema)
        : base(job, schema)
    {
        _sections = [.. TrainingSections.Of(schema, SectionDenominator.Updates)];
        _mean = new float[schema.ParameterCount];
        _alpha = FedDynFactory.Alpha.Of(job);
    }

    public override ImmutableArray<SectionSpec> UpSections(string role) => _sections;

    public override LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role)
    {
        LocalTraining training = base.TrainingFor(round, clientIndex, role);
        training.Proximal = _alpha;
        return training;
    }

    public override void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        if (aggregate.Find(SectionRole.Delta) is { } delta)
        {
            VectorMath.Axpy((float)(-_alpha * delta.Divisor / Job.Round.Population), delta.Single, _mean);
            VectorMath.Axpy(1, delta.Single, model.Parameters);
            VectorMath.Axpy((float)(-1 / _alpha), _mean, model.Parameters);
        }

        ReplaceStatistics(aggregate, model);
    }

    protected override void ForgetVectors(ReadOnlySpan<int> coordinates)
    {
        foreach (int coordinate in coordinates)
        {
            _mean[coordinate] = 0;
        }
    }

    protected override void Save(AlgorithmState state) => state.Add<float>("mean", _mean);

    protected override void Load(AlgorithmState state) => state.Read<float>("mean", _mean);

    protected override void Reset() => Array.Clear(_mean);
}
