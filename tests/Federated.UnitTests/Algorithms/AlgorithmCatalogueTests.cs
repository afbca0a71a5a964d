using Federated.Client.Algorithms;
using Federated.Coordination.Algorithms;
using Federated.Coordination.Anarchic;
using Federated.Protocol.Jobs;
using Federated.UnitTests.Repository;

namespace Federated.UnitTests.Algorithms;

public sealed class AlgorithmCatalogueTests
{
    public static TheoryData<string> Names => [.. ServerAlgorithms.BuiltIn.Names];

    public static TheoryData<string> AllNames => [.. All.Select(algorithm => algorithm.Name)];

    private static IEnumerable<IAlgorithmDescription> All => [.. ServerAlgorithms.BuiltIn.All, .. AnarchicAlgorithms.BuiltIn.All];

    [Theory]
    [MemberData(nameof(AllNames))]
    public void EveryAlgorithm_HasAClientHalfAndIsDocumented(string name)
    {
        IAlgorithmDescription factory = All.Single(factory => factory.Name == name);
        string page = File.ReadAllText(Path.Combine(RepositoryRoot.Path, "docs", "algorithms.md"));

        Assert.True(factory.ClientHalf is null || ClientAlgorithms.Find(factory.ClientHalf) is not null);
        Assert.Contains($"| `{name}` |", page, StringComparison.Ordinal);
        Assert.All(factory.Parameters, parameter => Assert.Contains($"`{parameter.Name}`", page, StringComparison.Ordinal));
        Assert.All(factory.Parameters, parameter => Assert.True(parameter.Allows(parameter.Default), parameter.Name));
    }

    [Theory]
    [MemberData(nameof(AllNames))]
    public void Validate_UnknownParameter_NamesIt(string name)
    {
        var job = new JobDefinition
        {
            Algorithm = new AlgorithmSettings { Name = name, Parameters = { ["magic"] = 1 } },
            Round = new RoundSettings { Population = 20 },
        };

        JobDefinitionError error = Assert.Single(All.Single(algorithm => algorithm.Name == name).Validate(job));

        Assert.Equal("algorithm.parameters.magic", error.Path);
    }

    [Theory]
    [InlineData("scaffold")]
    [InlineData("feddyn")]
    public void Validate_PopulationMissing_SaysSo(string name)
    {
        var job = new JobDefinition { Algorithm = new AlgorithmSettings { Name = name } };

        Assert.Equal("round.population", Assert.Single(ServerAlgorithms.BuiltIn.Validate(job)).Path);
    }

    [Fact]
    public void Validate_AsynchronousAlgorithm_NamesEverythingThatDoesNotFit()
    {
        var job = new JobDefinition
        {
            Algorithm = new AlgorithmSettings { Name = "afa-cs", Parameters = { ["buffer"] = 2.5, ["absent"] = 3, ["flushMinimum"] = 4 } },
            Aggregation = new() { Rule = "median", Statistics = "local" },
            Compression = new() { Up = "topk:0.1+ec" },
        };

        string[] paths = [.. AnarchicAlgorithms.BuiltIn.Validate(job).Select(error => error.Path).Order(StringComparer.Ordinal)];

        Assert.Equal(
            [
                "aggregation.rule", "aggregation.statistics", "algorithm.parameters.absent", "algorithm.parameters.buffer",
                "algorithm.parameters.flushMinimum", "compression.up", "round.population",
            ],
            paths);
    }

    [Fact]
    public void Names_OfBothKinds_AreDistinct() => Assert.Equal(All.Count(), All.Select(algorithm => algorithm.Name).Distinct(StringComparer.Ordinal).Count());

    [Fact]
    public void Validate_NamedOptimizerAndAnother_NamesBoth()
    {
        var job = new JobDefinition { Algorithm = new AlgorithmSettings { Name = "fedadam" }, ServerOptimizer = new() { Name = "yogi" } };

        string message = Assert.Single(ServerAlgorithms.BuiltIn.Validate(job)).Message;

        Assert.Contains("'yogi'", message, StringComparison.Ordinal);
        Assert.Contains("fedadam is adam", message, StringComparison.Ordinal);
    }
}
