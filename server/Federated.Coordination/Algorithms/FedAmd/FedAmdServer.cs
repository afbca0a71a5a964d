using System.Collections.Immutable;
using Federated.Coordination.Tier;
using Federated.Numerics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms.FedAmd;

/// <summary>
/// FedAMD (Wu et al. 2023): some clients of a round are anchors and renew their bullseye, a gradient over a large batch at the global model; the others are miners,
/// who walk from the mean of all bullseyes by variance-reduced steps. <c>x ← x + η·mean(miners' differences)</c>; anchors move nothing but the mean, from the next round on.
/// </summary>
/// <remarks>
/// <para>A client whose bullseye the server does not have is an anchor, whatever the coin says, and the mean is over those it has: a missing one never counts as zero. Unless the job
/// is lazy, the first round is made of everybody.</para>
/// <para>When more anchors say that they sent a whole bullseye than the server expected, a device has lost its own, and the sum still holds it. It cannot be taken out, so
/// everybody starts over.</para>
/// </remarks>
internal sealed class FedAmdServer : ServerHalf
{
    public const string Anchor = "anchor";
    public const string Miner = "miner";

    private readonly AnchorSchedule _schedule;
    private readonly bool _isLazy;
    private readonly ImmutableArray<SectionSpec> _anchorSections;
    private readonly ImmutableArray<SectionSpec> _minerSections;
    private readonly SectionSpec _down;
    private readonly IBullseyes _bullseyes;
    private readonly float[] _mean;
    private int _turn;

    public FedAmdServer(JobDefinition job, ModelSchema schema, AnchorSchedule schedule)
        : base(job, schema)
    {
        _schedule = schedule;
        _isLazy = FedAmdFactory.Lazy.IsOn(job);
        SectionSpec gradient = TrainingSections.Vector(SectionRole.Gradient, schema, SectionDenominator.None);
        bool isServerHeld = FedAmdFactory.ServerHeld.IsOn(job);
        _anchorSections = isServerHeld ? [gradient] : [gradient, TrainingSections.Scalars(1, SectionDenominator.None)];
        _minerSections = [TrainingSections.Vector(SectionRole.Delta, schema, SectionDenominator.Updates)];
        _down = TrainingSections.Vector(SectionRole.Gradient, schema, SectionDenominator.Updates);
        _bullseyes = isServerHeld
            ? new ServerHeldBullseyes(schema.ParameterCount, FedAmdFactory.MostClients(job, schema))
            : new ClientHeldBullseyes(schema.ParameterCount);
        _mean = new float[schema.ParameterCount];
    }

    public override ImmutableArray<string> Roles { get; } = [Anchor, Miner];

    public override ImmutableArray<SectionRole> KeptSections => _bullseyes.KeptSections;

    public override int? Seen => _bullseyes.Count;

    public override int CohortSize(RoundKey round) => _isLazy || _bullseyes.Count > 0 ? 0 : Job.Round.Population;

    public override string RoleOf(RoundKey round, uint clientIndex)
    {
        bool isAnchor = !_bullseyes.Has(clientIndex)
            || _schedule.IsAnchor(new CounterRandom(Job.Seed, RandomPurpose.Roles, clientIndex, (uint)round.Round), _turn);
        return isAnchor ? Anchor : Miner;
    }

    public override ImmutableArray<SectionSpec> UpSections(string role) => role == Anchor ? _anchorSections : _minerSections;

    public override ImmutableArray<DownSection> DownSections(string role) => role == Miner ? [new DownSection(_down, _mean)] : [];

    public override LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role)
    {
        LocalTraining training = base.TrainingFor(round, clientIndex, role);
        if (!_bullseyes.Has(clientIndex))
        {
            training.Parameters["absolute"] = 1;
        }

        return training;
    }

    public override void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
    {
        if (aggregate.Find(SectionRole.Delta) is { } delta)
        {
            Step(model, delta.Single);
        }

        _bullseyes.Take(round.Round, aggregate, [.. aggregate.Clients.Where(client => client.Role == Anchor)]);
        _bullseyes.Mean(_mean);
        _turn = _bullseyes.Count == 0 ? 0 : _turn + 1;
    }

    protected override void ForgetVectors(ReadOnlySpan<int> coordinates)
    {
        _bullseyes.Forget(coordinates);
        _bullseyes.Mean(_mean);
    }

    protected override void Save(AlgorithmState state)
    {
        state.Add<int>("turn", [_turn]);
        _bullseyes.Save(state);
    }

    protected override void Load(AlgorithmState state)
    {
        _turn = state.Read<int>("turn")[0];
        _bullseyes.Load(state);
        _bullseyes.Mean(_mean);
    }

    protected override void Reset()
    {
        _turn = 0;
        _bullseyes.Clear();
        Array.Clear(_mean);
    }
}
