using System.Collections.Immutable;
using Federated.Client.Algorithms;
using Federated.Client.Training;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Tier;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.V1;
using Federated.Simulation.Engine;

namespace Federated.UnitTests.Algorithms;

/// <summary>
/// A federation without data, network or clock: the registered server half, the client half that its tasks name, and the accumulators of the simulator. The test says who
/// takes part in a round.
/// </summary>
internal sealed class SmallFederation
{
    private readonly JobDefinition _job;
    private readonly IObjective[] _clients;
    private readonly Dictionary<uint, float[]> _states = [];

    public SmallFederation(JobDefinition job, params IObjective[] clients)
        : this(job, x0: 0, clients)
    {
    }

    public SmallFederation(JobDefinition job, double x0, params IObjective[] clients)
    {
        _clients = clients;
        _job = job with { Round = job.Round with { Population = clients.Length, CohortSize = Math.Min(job.Round.CohortSize, clients.Length) } };
        Assert.Empty(JobDefinitionValidator.Validate(_job));
        Assert.Empty(ServerAlgorithms.BuiltIn.Validate(_job));
        Model = new ModelContent(Schema, [(float)x0]);
        Server = ServerAlgorithms.BuiltIn.Create(_job, Schema);
    }

    public static ModelSchema Schema { get; } = new([new TensorSpec("x", [1L])]);

    public IServerAlgorithm Server { get; set; }

    public ModelContent Model { get; }

    public double X => Model.Parameters[0];

    /// <summary>Rounds so far.</summary>
    public int Rounds { get; private set; }

    /// <summary>The roles of the last round, by client.</summary>
    public IReadOnlyDictionary<uint, string> Roles { get; private set; } = ImmutableDictionary<uint, string>.Empty;

    /// <summary>A definition with full local batches.</summary>
    public static JobDefinition Job(string algorithm, int steps, double rate, params (string Name, double Value)[] parameters) => new()
    {
        Algorithm = new AlgorithmSettings { Name = algorithm, Parameters = parameters.ToDictionary(pair => pair.Name, pair => pair.Value) },
        Local = new LocalSettings { Epochs = 0, Steps = steps, BatchSize = 0, LearningRate = rate },
        Aggregation = new AggregationSettings { Weighting = "uniform" },
    };

    /// <summary>One of the job's own rounds with everybody.</summary>
    public void RunRound() => RunRound([.. Enumerable.Range(0, _clients.Length).Select(i => (uint)i)]);

    /// <summary>A round; the updates are summed in the order given.</summary>
    /// <param name="cohort">Who takes part.</param>
    /// <param name="vanish">Those of them whose update never comes.</param>
    public void RunRound(uint[] cohort, params uint[] vanish)
    {
        var key = new RoundKey("default", "job", ++Rounds, TaskKind.Train);
        var aggregate = new CohortAggregate(
            RoundPlans.SectionsOf(TaskKind.Train, Server), RoundPlans.FormsOf(TaskKind.Train, Server), Server.KeptSections);
        var roles = new Dictionary<uint, string>();
        var clients = new List<IncludedClient>();
        var states = new Dictionary<uint, float[]>();
        foreach (uint client in cohort)
        {
            string role = roles[client] = Server.RoleOf(key, client);
            if (vanish.Contains(client))
            {
                continue;
            }

            (ClientUpdate update, byte[] payload, float[] next) = Work(key, client, role);
            var claim = new UpdateCommitted(
                key, $"{client}", $"{client}", "node", "", payload.Length, 0, update.Weight, update.Steps, update.TrainingLoss, 0, 0, role);
            aggregate.Add(payload, claim);
            clients.Add(new IncludedClient(client, role, claim));
            states[client] = next;
        }

        Roles = roles;
        Server.Apply(key, aggregate.Report() with { Clients = clients }, Model);
        foreach ((uint client, float[] state) in states)
        {
            _states[client] = state;
        }
    }

    /// <summary>The sections of one client's update, without a round.</summary>
    public ClientUpdate UpdateOf(uint client, string role) =>
        Work(new RoundKey("default", "job", Rounds + 1, TaskKind.Train), client, role).Update;

    /// <summary>A client forgets what it has saved.</summary>
    public void Forget(uint client) => _states.Remove(client);

    /// <summary>The server half is made anew and goes on from its saved state, as after a restart.</summary>
    public void Restart()
    {
        byte[]? state = Server.SaveState();
        Server = ServerAlgorithms.BuiltIn.Create(_job, Schema);
        Server.LoadState(state);
    }

    private (ClientUpdate Update, byte[] Payload, float[] Next) Work(RoundKey key, uint client, string role)
    {
        LocalTraining settings = Server.TrainingFor(key, client, role);
        IClientAlgorithm half = ClientAlgorithms.Find(settings.Algorithm)!;
        ImmutableArray<SectionSpec> sections = Server.UpSections(role);
        Assert.Equal(
            half.Sections(Schema, settings, role).Select(section => (section.Role, section.ElementCount, section.Dtype)),
            sections.Select(section => (section.Role, section.ElementCount, section.Dtype)));
        byte[] payload = new byte[ClientUpdate.PayloadLength(sections)];
        float[] next = new float[half.StateLength(Schema, settings)];
        var update = new ClientUpdate(sections, payload, next);
        var task = new ClientTask
        {
            Schema = Schema,
            Parameters = Model.Parameters,
            Settings = settings,
            Role = role,
            Round = (uint)key.Round,
            DownSections = Server.DownSections(role).ToDictionary(section => section.Spec.Role, section => section.Values),
            State = _states.GetValueOrDefault(client) ?? [],
        };
        ClientOutcome outcome = half.Run(task, new SgdSolver(_clients[client]), update, TestContext.Current.CancellationToken);
        Assert.Equal(ClientOutcome.Completed, outcome);
        return (update, payload, next);
    }
}
