using System.Collections.Immutable;
using System.Numerics.Tensors;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.FedPage;

/// <summary>
/// FedPAGE (Zhao et al. 2021): in the first round, and in later ones with a probability, G is the mean of everybody's large-batch gradients; in the other
/// rounds it is the mean direction of the cohort's walks, which start from the last G. <c>x ← x − η_s·G</c>.
/// </summary>
internal sealed class FedPageServer : ServerHalf
{
    private const string Full = "full";
    private const string Walker = "walker";

    private readonly SectionSpec _gradientSection;
    private readonly SectionSpec _previousSection;
    private readonly SectionSpec _deltaSection;
    private readonly float[] _gradient;
    private readonly float[] _previous;
    private bool _hasGradient;

    public FedPageServer(JobDefinition job, ModelSchema schema)
        : base(job, schema)
    {
        _gradientSection = TrainingSections.Vector(SectionRole.Gradient, schema, SectionDenominator.Updates);
        _previousSection = TrainingSections.Vector(SectionRole.Weights, schema, SectionDenominator.Updates);
        _deltaSection = TrainingSections.Vector(SectionRole.Delta, schema, SectionDenominator.Updates);
        _gradient = new float[schema.ParameterCount];
        _previous = new float[schema.ParameterCount];
    }

    public override ImmutableArray<string> Roles { get; } = [Full, Walker];

    public override int CohortSize(RoundKey round) => IsFull(round) ? Job.Round.Population : 0;

    public override string RoleOf(RoundKey round, uint clientIndex) => IsFull(round) ? Full : Walker;

    public override ImmutableArray<SectionSpec> UpSections(string role) => [role == Full ? _gradientSection : _deltaSection];

    public override ImmutableArray<DownSection> DownSections(string role) =>
        role == Full ? [] : [new DownSection(_gradientSection, _gradient), new DownSection(_previousSection, _previous)];

    public override void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        // A walk sends its mean direction negated, as a difference of parameters; a gradient comes as it is.
        if (aggregate.Find(SectionRole.Gradient) is { } gradient)
        {
            gradient.Single.CopyTo(_gradient, 0);
        }
        else if (aggregate.Find(SectionRole.Delta) is { } delta)
        {
            TensorPrimitives.Negate(delta.Single, _gradient);
        }
        else
        {
            return;
        }

        _hasGradient = true;
        model.Parameters.CopyTo(_previous, 0);
        float[] step = new float[_gradient.Length];
        TensorPrimitives.Negate(_gradient, step);
        Step(model, step);
    }

    protected override void Save(AlgorithmState state)
    {
        state.Add<int>("hasGradient", [_hasGradient ? 1 : 0]);
        state.Add<float>("gradient", _gradient);
        state.Add<float>("previous", _previous);
    }

    protected override void Load(AlgorithmState state)
    {
        _hasGradient = state.Read<int>("hasGradient")[0] != 0;
        state.Read<float>("gradient", _gradient);
        state.Read<float>("previous", _previous);
    }

    protected override void Reset() => _hasGradient = false;

    private bool IsFull(RoundKey round) => !_hasGradient
        || new CounterRandom(Job.Seed, RandomPurpose.Roles, uint.MaxValue, (uint)round.Round).NextDouble() < FedPageFactory.Probability.Of(Job);
}
