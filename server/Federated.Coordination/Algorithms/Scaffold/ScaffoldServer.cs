using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.Scaffold;

/// <summary>
/// SCAFFOLD (Karimireddy et al. 2020): <c>x ← x + η·mean(y − x); c ← c + (S/N)·mean(c_i⁺ − c_i)</c>, c and every c_i from 0. The mean of the
/// controls counts each client once whatever its examples, so that c stays the mean of all c_i.
/// </summary>
internal sealed class ScaffoldServer : ServerHalf
{
    private readonly ImmutableArray<SectionSpec> _sections;
    private readonly SectionSpec _down;
    private readonly float[] _control;

    public ScaffoldServer(JobDefinition job, ModelSchema schema)
        : base(job, schema)
    {
        _down = TrainingSections.Vector(SectionRole.Control, schema, SectionDenominator.Updates);
        _sections = [.. TrainingSections.Of(schema, TrainingSections.Weighting(job)), _down];
        _control = new float[schema.ParameterCount];
    }

    public override ImmutableArray<SectionSpec> UpSections(string role) => _sections;

    public override ImmutableArray<DownSection> DownSections(string role) => [new DownSection(_down, _control)];

    public override void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        if (aggregate.Find(SectionRole.Delta) is { } delta)
        {
            Step(model, delta.Single);
        }

        if (aggregate.Find(SectionRole.Control) is { } change)
        {
            VectorMath.Axpy((float)(change.Divisor / Job.Round.Population), change.Single, _control);
        }

        ReplaceStatistics(aggregate, model);
    }

    protected override void ForgetVectors(ReadOnlySpan<int> coordinates)
    {
        foreach (int coordinate in coordinates)
        {
            _control[coordinate] = 0;
        }
    }

    protected override void Save(AlgorithmState state) => state.Add<float>("control", _control);

    protected override void Load(AlgorithmState state) => state.Read<float>("control", _control);

    protected override void Reset() => Array.Clear(_control);
}
