using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Tier;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Coordination.Algorithms;

public sealed class RoundPlansTests
{
    private static readonly SectionSpec Delta =
        SectionSpecs.Dense(SectionRole.Delta, SectionDType.F32, 4, SectionDenominator.Weight);

    private static readonly SectionSpec Gradient =
        SectionSpecs.Dense(SectionRole.Gradient, SectionDType.F32, 4, SectionDenominator.Weight);

    [Fact]
    public void FormsOf_RolesWithDifferentSections_SaysWhoCarriesWhat()
    {
        var algorithm = new RoleAlgorithm(("miner", [Delta]), ("anchor", [Delta, Gradient]), ("watcher", [Gradient]));

        Assert.Equal([Delta, Gradient], RoundPlans.SectionsOf(TaskKind.Train, algorithm));
        ImmutableArray<UpdateForm> forms = RoundPlans.FormsOf(TaskKind.Train, algorithm);
        Assert.Equal(["miner", "anchor", "watcher"], forms.Select(form => form.Role));
        Assert.Equal([[0], [0, 1], [1]], forms.Select(form => form.Sections.ToArray()));
    }

    [Fact]
    public void FormsOf_AnEvaluation_HasOneForm()
    {
        var algorithm = new RoleAlgorithm(("miner", [Delta]), ("anchor", [Delta, Gradient]));

        UpdateForm form = Assert.Single(RoundPlans.FormsOf(TaskKind.Evaluate, algorithm));

        Assert.Equal(DeviceRoles.Worker, form.Role);
        Assert.Equal([0], form.Sections);
    }

    [Fact]
    public void FormsOf_RoleThatOrdersItsSectionsInAnotherWay_Throws()
    {
        var algorithm = new RoleAlgorithm(("a", [Delta, Gradient]), ("b", [Gradient, Delta]));

        Assert.Throws<InvalidOperationException>(() => RoundPlans.FormsOf(TaskKind.Train, algorithm));
    }

    private sealed class RoleAlgorithm(params (string Role, ImmutableArray<SectionSpec> Sections)[] roles) : IServerAlgorithm
    {
        public ImmutableArray<string> Roles => [.. roles.Select(role => role.Role)];

        public string RoleOf(RoundKey round, uint clientIndex) => roles[clientIndex % roles.Length].Role;

        public ImmutableArray<SectionSpec> UpSections(string role) => roles.Single(entry => entry.Role == role).Sections;

        public ImmutableArray<DownSection> DownSections(string role) => [];

        public LocalTraining TrainingFor(RoundKey round, uint clientIndex, string role) => new();

        public void Apply(RoundKey round, RoundAggregate aggregate, ModelContent model)
        {
        }

        public byte[]? SaveState() => null;

        public void LoadState(ReadOnlySpan<byte> state)
        {
        }
    }
}
