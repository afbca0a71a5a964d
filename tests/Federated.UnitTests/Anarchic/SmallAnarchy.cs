using System.Runtime.InteropServices;
using Federated.Client.Algorithms;
using Federated.Client.Training;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Anarchic;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.V1;
using Federated.UnitTests.Algorithms;

namespace Federated.UnitTests.Anarchic;

/// <summary>
/// An asynchronous federation without data, network or clock: the registered server half and the client half that its tasks name. The test says who pushes what, and from which version.
/// </summary>
internal sealed class SmallAnarchy
{
    private readonly JobDefinition _job;
    private readonly IObjective[] _clients;
    private readonly List<float> _versions = [];
    private uint _pushes;

    public SmallAnarchy(JobDefinition job, double x0, params IObjective[] clients)
    {
        _clients = clients;
        _job = job with { Round = job.Round with { Population = clients.Length, CohortSize = 1 } };
        Assert.Empty(JobDefinitionValidator.Validate(_job));
        Assert.Empty(AnarchicAlgorithms.BuiltIn.Validate(_job));
        Assert.Empty(AnarchicAlgorithms.BuiltIn.Validate(_job, SmallFederation.Schema));
        Model = new ModelContent(SmallFederation.Schema, [(float)x0]);
        Server = AnarchicAlgorithms.BuiltIn.Create(_job, SmallFederation.Schema);
        _versions.Add((float)x0);
    }

    /// <summary>Three workers of A3 in the specification's numbering: curvatures 1, 2, 0.5 and centres 4, -1, 2.</summary>
    public static QuadraticObjective[] Three => [new((1, 4)), new((2, -1)), new((0.5, 2))];

    public IAnarchicAlgorithm Server { get; private set; }

    public ModelContent Model { get; }

    public double X => Model.Parameters[0];

    /// <summary>What made the last version; null before the first.</summary>
    public AdvanceResult? Last { get; private set; }

    /// <summary>A definition with full local batches and a server rate.</summary>
    public static JobDefinition Job(string algorithm, double rate, double serverRate, params (string Name, double Value)[] parameters) =>
        SmallFederation.Job(algorithm, steps: 1, rate, parameters) with { ServerOptimizer = new() { LearningRate = serverRate } };

    /// <summary>What a worker computes from a version.</summary>
    public float Work(uint client, long version, int steps)
    {
        LocalTraining settings = Server.TrainingFor(client);
        settings.Steps = (uint)steps;
        IClientAlgorithm half = ClientAlgorithms.Find(settings.Algorithm)!;
        byte[] payload = new byte[ClientUpdate.PayloadLength(Server.UpSections)];
        var update = new ClientUpdate(Server.UpSections, payload);
        var task = new ClientTask
        {
            Schema = SmallFederation.Schema,
            Parameters = new[] { _versions[(int)version] },
            Settings = settings,
            Role = DeviceRoles.Worker,
            Round = ++_pushes,
        };
        Assert.Equal(ClientOutcome.Completed, half.Run(task, new SgdSolver(_clients[client]), update, TestContext.Current.CancellationToken));
        return MemoryMarshal.Cast<byte, float>(payload)[0];
    }

    /// <summary>A worker pulls a version, works and pushes; a version is made when enough has come.</summary>
    public ArrivalVerdict Push(uint client, long version, int steps = 1, string? id = null) =>
        Offer(client, version, steps, Work(client, version, steps), id);

    /// <summary>An update of the test's own making arrives.</summary>
    public ArrivalVerdict Offer(uint client, long version, int steps, float delta, string? id = null, double effectiveSteps = 0, double examples = 1)
    {
        ArrivalVerdict verdict = Server.Offer(new AnarchicUpdate
        {
            Id = id ?? $"push-{++_pushes}",
            ClientIndex = client,
            PulledVersion = version,
            Steps = steps,
            EffectiveSteps = effectiveSteps,
            Examples = examples,
            Delta = [delta],
            PulledParameters = [_versions[(int)Math.Clamp(version, 0, _versions.Count - 1)]],
        });
        if (Server.CanAdvance)
        {
            Advance();
        }

        return verdict;
    }

    public AdvanceResult Advance()
    {
        Last = Server.Advance(Model);
        _versions.Add(Model.Parameters[0]);
        return Last;
    }

    /// <summary>The server half is made anew and goes on from its saved state, as after a restart.</summary>
    public void Restart()
    {
        byte[] state = Server.SaveState();
        Server = AnarchicAlgorithms.BuiltIn.Create(_job, SmallFederation.Schema);
        Server.LoadState(state);
    }
}
