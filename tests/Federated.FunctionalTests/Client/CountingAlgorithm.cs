using Federated.Client.Algorithms;
using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.FunctionalTests.Client;

/// <summary>Keeps one number as client state: how many of its updates have counted. Every update carries that number.</summary>
internal sealed class CountingAlgorithm : IClientAlgorithm
{
    public string Name => "counting";

    public IReadOnlyList<SectionSpec> Sections(ModelSchema schema, LocalTraining settings, string role) => [SectionSpecs.Delta(schema)];

    public int StateLength(ModelSchema schema, LocalTraining settings) => 1;

    public ClientOutcome Run(ClientTask task, ILocalSolver solver, ClientUpdate update, CancellationToken stop = default)
    {
        float counted = task.State.IsEmpty ? 0 : task.State.Span[0];
        update.Floats(SectionRole.Delta).Fill(counted);
        update.NextState.Span[0] = counted + 1;
        update.Weight = 1;
        update.Steps = 1;
        return ClientOutcome.Completed;
    }
}
