using Federated.Coordination.Algorithms.Statistics;
using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;

namespace Federated.UnitTests.Statistics;

public sealed class StatisticsServerTests
{
    private static readonly ModelSchema Normalised = new(
    [
        new TensorSpec("w", [3L]),
        new TensorSpec("a.running_mean", [2L], TensorPart.Statistic, Trainable: false),
        new TensorSpec("a.running_var", [2L], TensorPart.Statistic, Trainable: false),
        new TensorSpec("other", [5L], TensorPart.Statistic, Trainable: false),
        new TensorSpec("b.running_mean", [4L], TensorPart.Statistic, Trainable: false),
        new TensorSpec("b.running_var", [4L], TensorPart.Statistic, Trainable: false),
    ]);

    [Fact]
    public void UpSections_OfALinearModel_HaveItsSize()
    {
        JobDefinition job = Job("features", "labels");

        StatisticsShape shape = ShapeOf(job, LinearModel.CreateSchema(64, 1));

        Assert.Equal(new StatisticsShape(64, 2, 0), shape);
        Assert.Equal(10, ShapeOf(job, LinearModel.CreateSchema(64, 10)).Labels);
        Assert.Empty(StatisticsServer.Validate(job, LinearModel.CreateSchema(64, 10)));
    }

    [Fact]
    public void UpSections_OfAnotherModel_HaveTheSettingsSizeAndTheSchemasChannels()
    {
        JobDefinition job = Job("features", "batch_norm");
        job.Statistics.Features = 9;

        Assert.Equal(new StatisticsShape(9, 0, 6), ShapeOf(job, Normalised));
        Assert.Equal([new NormalisationLayer("a", 2), new NormalisationLayer("b", 4)], NormalisationLayer.Of(Normalised));
    }

    [Fact]
    public void Validate_WhatTheModelDoesNotTell_NamesItAll()
    {
        IReadOnlyList<JobDefinitionError> errors =
            StatisticsServer.Validate(Job("features", "labels", "batch_norm"), new ModelSchema([new TensorSpec("w", [3L])]));

        Assert.Equal(["statistics.features", "statistics.labels", "statistics.kinds"], errors.Select(error => error.Path));
    }

    [Fact]
    public void Validate_StatisticsOff_FindsNothing() =>
        Assert.Empty(StatisticsServer.Validate(new JobDefinition(), new ModelSchema([new TensorSpec("w", [3L])])));

    private static JobDefinition Job(params string[] kinds) => new() { Statistics = new StatisticsSettings { Kinds = [.. kinds] } };

    private static StatisticsShape ShapeOf(JobDefinition job, ModelSchema schema)
    {
        var server = new StatisticsServer(job, schema);
        LocalTraining settings = server.TrainingFor(null!, 3, "worker");
        StatisticsShape shape = StatisticsShape.From(settings);
        Assert.Equal(shape.Sections(), server.UpSections("worker"));
        Assert.Equal("statistics", settings.Algorithm);
        return shape;
    }
}
