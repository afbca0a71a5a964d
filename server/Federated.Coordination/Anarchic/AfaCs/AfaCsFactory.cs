using System.Collections.Immutable;
using Federated.Coordination.Algorithms;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;

namespace Federated.Coordination.Anarchic.AfaCs;

/// <summary>Makes <see cref="AfaCsServer"/>.</summary>
internal sealed class AfaCsFactory : AnarchicFactory
{
    private const double MostMegabytes = 1900;

    private static readonly AlgorithmParameter Absent =
        new("absent", 0, "0, 1 or 2", value => value is 0 or 1 or 2, "until all workers were seen: 0 the model waits, 1 they count as zeros, 2 the mean is over those seen");

    // One state is one array of bytes, which ends at 2 GiB.
    private static readonly AlgorithmParameter MemoryMegabytes =
        new("memoryMegabytes", 512, "greater than 0, at most 1900", value => value is > 0 and <= MostMegabytes, "bound on what the server keeps of its workers (10^6 bytes): in memory, and in the model store of all versions together, of which it holds two at least");

    public override string Name => "afa-cs";

    public override string Summary => "anarchic, cross-silo (Yang et al. 2022): the mean over all workers of each one's last update, divided by its own steps";

    public override ImmutableArray<AlgorithmParameter> Parameters => [.. Buffered, Absent, MemoryMegabytes];

    public override IAnarchicAlgorithm Create(JobDefinition job, ModelSchema schema) =>
        new AfaCsServer(job, schema, AnarchicOptions.Of(job, repeats: false), (AbsentWorkers)(int)Absent.Of(job), MostWorkers(job, schema), (long)(MemoryMegabytes.Of(job) * 1e6));

    public override IReadOnlyList<JobDefinitionError> Validate(JobDefinition job, ModelSchema schema)
    {
        long most = MostWorkers(job, schema);
        double least = Math.Max(job.Round.Population, AnarchicOptions.BufferParameter.Of(job));
        string way = least > AlgorithmState.MostVectors(schema.ParameterCount)
            ? FormattableString.Invariant($"one state of the server holds {AlgorithmState.MostVectors(schema.ParameterCount)}. Take afa-cd, which keeps nothing.")
            : FormattableString.Invariant($"{MemoryMegabytes.Of(job)} MB hold {most}. Allow more, or take afa-cd, which keeps nothing.");
        return least <= most ? [] : [new JobDefinitionError(
            $"algorithm.parameters.{MemoryMegabytes.Name}",
            FormattableString.Invariant($"{Name} keeps 4 bytes of {schema.ParameterCount} parameters for each of {least} workers, {4e-6 * schema.ParameterCount * least:0.#} MB; {way}"))];
    }

    protected override void Check(JobDefinition job, List<JobDefinitionError> errors)
    {
        base.Check(job, errors);
        CheckBuffer(job, repeats: false, errors);
        if ((AbsentWorkers)(int)Absent.Of(job) != AbsentWorkers.SeenMean)
        {
            RequirePopulation(job, errors);
        }
    }

    private static long MostWorkers(JobDefinition job, ModelSchema schema) => Math.Min(
        (long)(MemoryMegabytes.Of(job) * 1e6 / (sizeof(float) * Math.Max(1L, schema.ParameterCount))), AlgorithmState.MostVectors(schema.ParameterCount));
}
