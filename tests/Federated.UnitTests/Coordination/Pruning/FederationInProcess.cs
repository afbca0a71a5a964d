using System.Collections.Immutable;
using Federated.Client.Algorithms;
using Federated.Client.Pruning;
using Federated.Client.Training;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Tier;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Federated.Simulation.Engine;

namespace Federated.UnitTests.Coordination.Pruning;

/// <summary>A server half and its client halves, round by round: every client takes part in each, and the updates are summed in their order.</summary>
/// <param name="server">The server half.</param>
/// <param name="solver">Trains every client in turn.</param>
/// <param name="select">Gives the solver the examples of a client.</param>
/// <param name="clients">How many there are.</param>
internal sealed class FederationInProcess(IServerAlgorithm server, ILocalSolver solver, Action<int> select, int clients)
{
    private int _rounds;

    /// <summary>Holds a round, and gives back what the clients' updates came to.</summary>
    public RoundAggregate Round(ModelContent model)
    {
        var key = new RoundKey("t", "j", ++_rounds, TaskKind.Train);
        ImmutableArray<SectionSpec> sections = server.UpSections(DeviceRoles.Worker);
        var down = server.DownSections(DeviceRoles.Worker).ToDictionary(section => section.Spec.Role, section => section.Values);
        var tier = new CohortAggregate(sections, RoundPlans.FormsOf(TaskKind.Train, server), []);
        for (int client = 0; client < clients; client++)
        {
            LocalTraining settings = server.TrainingFor(key, (uint)client, DeviceRoles.Worker);
            IClientAlgorithm half = settings.Candidates is not null ? new CandidateClient() : new MaskedClient(ClientAlgorithms.Find(settings.Algorithm)!, model.Mask!);
            byte[] payload = new byte[ClientUpdate.PayloadLength(sections)];
            var update = new ClientUpdate(sections, payload);
            select(client);
            var task = new ClientTask
            {
                Schema = model.Schema,
                Parameters = model.Parameters,
                Statistics = model.Statistics,
                Counts = model.Counts,
                Settings = settings,
                Round = (uint)key.Round,
                DownSections = down,
            };
            Assert.Equal(ClientOutcome.Completed, half.Run(task, solver, update, TestContext.Current.CancellationToken));
            tier.Add(payload, new UpdateCommitted(key, $"{client}", $"{client}", "n", "", payload.Length, 0, update.Weight, update.Steps, update.TrainingLoss, 0, 0, DeviceRoles.Worker));
        }

        RoundAggregate aggregate = server.Combine(key, tier.Report(), new RuleStart(1, server.Centres));
        server.Apply(key, aggregate, model);
        return aggregate;
    }
}
