using Federated.Client.Algorithms;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Benchmarks.Latency;

/// <summary>
/// A client half that trains nothing: its update moves every parameter by the same little step, so that each round has a model of
/// its own to carry. Before its work it waits at the gate.
/// </summary>
internal sealed class EchoAlgorithm(RoundGate gate) : IClientAlgorithm
{
    public string Name => "fedavg";

    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role) => [SectionSpecs.Delta(schema)];

    public ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default)
    {
        gate.Pass(task.Round, stop);
        update.Floats(SectionRole.Delta).Fill(1e-3f);
        update.Weight = 1;
        update.Steps = 1;
        update.TrainingLoss = 1;
        return ClientOutcome.Completed;
    }
}
