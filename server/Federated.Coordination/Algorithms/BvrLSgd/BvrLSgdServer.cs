using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.BvrLSgd;

/// <summary>
/// BVR-L-SGD (Murata and Suzuki 2021) in rounds: a stage begins with the cohort's large-batch gradients, <c>v = mean</c>; then one client walks from v and its model becomes x; before each further
/// walk the cohort renews the gradient by differences, <c>v ← v + mean(∇f_i(x) − ∇f_i(x_prev))</c>.
/// </summary>
internal sealed class BvrLSgdServer : ServerHalf
{
    private const string Anchor = "anchor";
    private const string Walker = "walker";
    private const string Refresher = "refresher";

    private readonly SectionSpec _gradientSection;
    private readonly SectionSpec _previousSection;
    private readonly SectionSpec _deltaSection;
    private readonly float[] _gradient;
    private readonly float[] _previous;
    private readonly int _stageRounds;
    private int _turn;

    public BvrLSgdServer(JobDefinition job, ModelSchema schema)
        : base(job, schema)
    {
        _gradientSection = TrainingSections.Vector(SectionRole.Gradient, schema, SectionDenominator.Updates);
        _previousSection = TrainingSections.Vector(SectionRole.Weights, schema, SectionDenominator.Updates);
        _deltaSection = TrainingSections.Vector(SectionRole.Delta, schema, SectionDenominator.Updates);
        _gradient = new float[schema.ParameterCount];
        _previous = new float[schema.ParameterCount];
        _stageRounds = 2 * (int)BvrLSgdFactory.Walks.Of(job);
    }

    public override ImmutableArray<string> Roles { get; } = [Anchor, Walker, Refresher];

    private string Role => _turn == 0 ? Anchor : _turn % 2 == 1 ? Walker : Refresher;

    public override int CohortSize(RoundKey round) => Role == Walker ? 1 : 0;

    public override string RoleOf(RoundKey round, uint clientIndex) => Role;

    public override ImmutableArray<SectionSpec> UpSections(string role) => [role == Walker ? _deltaSection : _gradientSection];

    public override ImmutableArray<DownSection> DownSections(string role) => role switch
    {
        Walker => [new DownSection(_gradientSection, _gradient)],
        Refresher => [new DownSection(_previousSection, _previous)],
        _ => [],
    };

    public override void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        if (aggregate.Find(SectionRole.Delta) is { } delta)
        {
            model.Parameters.CopyTo(_previous, 0);
            Step(model, delta.Single);
        }
        else if (aggregate.Find(SectionRole.Gradient) is { } gradient)
        {
            if (_turn == 0)
            {
                Array.Clear(_gradient);
            }

            VectorMath.Axpy(1, gradient.Single, _gradient);
        }
        else
        {
            return;
        }

        _turn = (_turn + 1) % _stageRounds;
    }

    protected override void Save(AlgorithmState state)
    {
        state.Add<int>("turn", [_turn]);
        state.Add<float>("gradient", _gradient);
        state.Add<float>("previous", _previous);
    }

    protected override void Load(AlgorithmState state)
    {
        _turn = state.Read<int>("turn")[0];
        state.Read<float>("gradient", _gradient);
        state.Read<float>("previous", _previous);
    }

    protected override void Reset() => _turn = 0;
}
