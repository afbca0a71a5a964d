using Federated.Client.Algorithms;
using Federated.Client.Algorithms.Statistics;
using Federated.Client.Sparse;
using Federated.Client.Training;
using Federated.Client.Training.Softmax;
using Federated.Coordination.Algorithms.Statistics;
using Federated.Coordination.Tier;
using Federated.Protocol.Models;
using Federated.Protocol.Rounds;
using Federated.Protocol.Statistics;
using Federated.Protocol.V1;
using Federated.UnitTests.Training;

namespace Federated.UnitTests.Statistics;

public sealed class StatisticsClientTests
{
    private const int Features = 5;
    private const int Classes = 4;

    private static readonly ModelSchema Schema = LinearModel.CreateSchema(Features, Classes);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Run_OverSeveralDevices_PoolsToTheMomentsOfAllData()
    {
        float[] features = SampleExamples.Vector(60 * Features, 3, scale: 4);
        for (int i = 0; i < features.Length; i += 7)
        {
            features[i] = i % 14 == 0 ? float.NaN : features[i] + 10;
        }

        var examples = new ExampleSet(features, Features, SampleExamples.Create(60, Features, Classes).Labels);
        int[][] devices = [[.. Enumerable.Range(0, 7)], [.. Enumerable.Range(7, 1)], [.. Enumerable.Range(8, 52)]];
        var shape = new StatisticsShape(Features, Classes, 0);

        PooledStatistics pooled = Pool(shape, devices.Select(rows => Run(shape, new SgdSolver(Objective(examples, rows)))));

        Assert.Equal((3, 60.0), (pooled.Devices, pooled.Examples));
        for (int feature = 0; feature < Features; feature++)
        {
            double[] values = [.. Enumerable.Range(0, 60).Select(row => (double)features[(row * Features) + feature]).Where(double.IsFinite)];
            double mean = values.Average();
            Assert.Equal(values.Length, pooled.Features!.Counts[feature]);
            Assert.Equal(mean, pooled.Features.Means[feature]!.Value, 1e-12);
            Assert.Equal(values.Average(value => (value - mean) * (value - mean)), pooled.Features.Variances[feature]!.Value, 1e-10);
        }

        Assert.Equal(
            Enumerable.Range(0, Classes).Select(label => (long)examples.Labels.ToArray().Count(other => other == label)), pooled.Labels!);
        Assert.Null(pooled.Normalisation);
    }

    [Fact]
    public void Run_TwoDevicesOfTheLawOfTotalVariance_HaveTheMeanAndVarianceOfTheSpecification()
    {
        // Clients {1, 3} and {5, 5, 5, 5, 5, 11}: mean 5, variance 7; the mean of the variances would be 4.
        var examples = new ExampleSet(new float[] { 1, 3, 5, 5, 5, 5, 5, 11 }, 1, new int[8]);
        var shape = new StatisticsShape(1, 0, 0);
        int[][] devices = [[0, 1], [2, 3, 4, 5, 6, 7]];

        PooledStatistics pooled = Pool(shape, devices.Select(rows => Run(shape, new SgdSolver(Objective(examples, rows, features: 1)))));

        Assert.Equal((5.0, 7.0), (pooled.Features!.Means[0]!.Value, pooled.Features.Variances[0]!.Value));
    }

    [Fact]
    public void Run_SparseRows_CountsTheZeros()
    {
        var examples = new ExampleSet(CsrMatrix.FromDense(4, 2, [4f, 0, 0, 0, 2, 0, 0, 6]), new int[4]);
        var shape = new StatisticsShape(2, 0, 0);

        PooledStatistics pooled = Pool(shape, [Run(shape, new SgdSolver(Objective(examples, [0, 1, 2, 3], features: 2)))]);

        Assert.Equal([4, 4], pooled.Features!.Counts);
        Assert.Equal([1.5, 1.5], pooled.Features.Means);
        Assert.Equal([2.75, 6.75], pooled.Features.Variances);
    }

    [Fact]
    public void Run_FeatureThatNobodyHas_HasNoMean()
    {
        var examples = new ExampleSet(new[] { float.NaN, 1, float.NaN, 2 }, 2, new int[2]);
        var shape = new StatisticsShape(2, 0, 0);

        PooledStatistics pooled = Pool(shape, [Run(shape, new SgdSolver(Objective(examples, [0, 1], features: 2)))]);

        Assert.Equal([0, 2], pooled.Features!.Counts);
        Assert.Equal([null, 1.5], pooled.Features.Means);
        Assert.Equal([null, 0.25], pooled.Features.Variances);
        PooledStatistics read = PooledStatistics.Parse(pooled.ToJsonBytes());
        Assert.Equal(pooled.Features.Means, read.Features!.Means);
        Assert.Equal(pooled.ToJsonBytes(), read.ToJsonBytes());
    }

    [Fact]
    public void Run_WithoutExamples_DoesNothing()
    {
        var objective = new SoftmaxObjective(Features, Classes);
        var shape = new StatisticsShape(Features, 0, 0);

        Assert.Equal(ClientOutcome.Nothing, new StatisticsClient().Run(Task(shape), new SgdSolver(objective), Update(shape), Cancellation));
    }

    [Fact]
    public void Run_WhatTheObjectiveCannotGive_Throws()
    {
        ExampleSet examples = SampleExamples.Create(4, Features, Classes);
        var solver = new SgdSolver(Objective(examples, [0, 1]));

        Assert.Throws<InvalidOperationException>(() => Run(new StatisticsShape(Features + 1, 0, 0), solver));
        Assert.Throws<InvalidOperationException>(() => Run(new StatisticsShape(0, 0, 3), solver));
        Assert.Throws<InvalidOperationException>(() => Run(new StatisticsShape(0, 1, 0), solver));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0.5)]
    [InlineData(double.NaN)]
    public void Sections_SettingsThatAreNoCount_Throw(double features)
    {
        var settings = new LocalTraining();
        settings.Parameters.Add("features", features);

        Assert.Throws<ArgumentException>(() => new StatisticsClient().Sections(Schema, settings, "worker"));
    }

    [Fact]
    public void Sections_OfAnyShape_AreThoseOfTheServerHalf()
    {
        var shape = new StatisticsShape(5, 4, 3);

        IReadOnlyList<SectionSpec> sections = new StatisticsClient().Sections(Schema, shape.ToSettings(), "worker");

        Assert.Equal(shape.Sections(), sections);
        Assert.Equal([SectionRole.Scalars, SectionRole.Counts, SectionRole.BnStatistics], sections.Select(section => section.Role));
        Assert.Equal([15ul, 4, 9], sections.Select(section => section.ElementCount));
        Assert.All(sections, section => Assert.Equal(SectionDenominator.None, section.Denominator));
    }

    internal static PooledStatistics Pool(StatisticsShape shape, IEnumerable<ClientUpdate> updates, ModelSchema? schema = null)
    {
        IReadOnlyList<SectionSpec> specs = shape.Sections();
        double[][] sums = [.. specs.Select(spec => new double[spec.ElementCount])];
        var included = new List<UpdateCommitted>();
        foreach (ClientUpdate update in updates)
        {
            Assert.Null(StatisticsFault.Find(update.Sections, update.Payload.Span, update.Weight));
            for (int s = 0; s < specs.Count; s++)
            {
                for (int i = 0; i < sums[s].Length; i++)
                {
                    sums[s][i] += specs[s].Dtype == SectionDType.I64 ? update.Longs(specs[s].Role)[i] : update.Doubles(specs[s].Role)[i];
                }
            }

            included.Add(new UpdateCommitted(
                new RoundKey("default", "job", 0, TaskKind.Statistics), $"a{included.Count}", "d", "n", "", 0, 0, update.Weight, 0, 0, 0, 0));
        }

        return PooledStatistics.Of(
            0, new RoundAggregate([.. specs.Select((spec, s) => new AggregatedSection(spec, [], sums[s], 1))], included), schema ?? Schema);
    }

    internal static ClientUpdate Run(StatisticsShape shape, ILocalSolver solver, ModelContent? model = null)
    {
        ClientUpdate update = Update(shape);

        // Memory that was used before.
        update.Payload.Span.Fill(0xA5);
        Assert.Equal(ClientOutcome.Completed, new StatisticsClient().Run(Task(shape, model), solver, update, Cancellation));
        return update;
    }

    private static ClientUpdate Update(StatisticsShape shape) =>
        new(shape.Sections(), new byte[ClientUpdate.PayloadLength(shape.Sections())]);

    private static ClientTask Task(StatisticsShape shape, ModelContent? model = null) => new()
    {
        Schema = model?.Schema ?? Schema,
        Parameters = model?.Parameters ?? new float[Schema.ParameterCount],
        Statistics = model?.Statistics ?? [],
        Counts = model?.Counts ?? [],
        Settings = shape.ToSettings(),
        Round = 0,
    };

    private static SoftmaxObjective Objective(ExampleSet examples, int[] rows, int features = Features)
    {
        var objective = new SoftmaxObjective(features, Classes);
        objective.Select(examples, rows);
        return objective;
    }
}
