using Federated.Client.Training;
using Federated.Protocol.Models;
using Federated.Simulation.Data;
using Federated.Simulation.Models;

namespace Federated.Simulation.Engine;

/// <summary>
/// Evaluates a model on the test part. The rows are cut into chunks whatever the number of workers, and the chunks' sums are added in their order: the
/// same model gives the same figures.
/// </summary>
internal sealed class TestEvaluator(Dataset dataset, OrderedWorkers<ModelWorker> workers)
{
    private const int ChunkRows = 250;

    public Evaluation Evaluate(ModelContent model, CancellationToken cancellationToken)
    {
        int chunks = (dataset.Test.Length + ChunkRows - 1) / ChunkRows;
        var results = new Evaluation[workers.Window];
        Evaluation total = default;
        workers.Run(
            chunks,
            (worker, chunk, slot) =>
            {
                int start = chunk * ChunkRows;
                worker.Use(model.Mask);
                worker.Objective.Select(dataset.Examples, dataset.Test.AsMemory(start, Math.Min(ChunkRows, dataset.Test.Length - start)));
                worker.Objective.LoadStatistics(model.Statistics, model.Counts);
                results[slot] = worker.Objective.Evaluate(model.Parameters, cancellationToken);
            },
            (_, slot) =>
            {
                total += results[slot];
                return true;
            },
            cancellationToken);
        return total;
    }
}
