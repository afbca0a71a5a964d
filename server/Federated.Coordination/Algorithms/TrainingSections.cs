using Federated.Protocol.Jobs;
using Federated.Protocol.Models;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Coordination.Algorithms;

/// <summary>The sections that most algorithms have in common.</summary>
internal static class TrainingSections
{
    /// <summary>The parameter difference and, where the schema aggregates them, the batch-norm statistics.</summary>
    /// <param name="schema">The model.</param>
    /// <param name="denominator">By what both are divided.</param>
    public static IEnumerable<SectionSpec> Of(ModelSchema schema, SectionDenominator denominator) => schema.AggregatesStatistics
        ? [Vector(SectionRole.Delta, schema, denominator), SectionSpecs.Dense(SectionRole.BnStatistics, SectionDType.F32, schema.StatisticCount, denominator)]
        : [Vector(SectionRole.Delta, schema, denominator)];

    /// <summary>A float32 vector of the length of the parameters.</summary>
    /// <param name="role">What it means.</param>
    /// <param name="schema">The model.</param>
    /// <param name="denominator">By what its sum is divided.</param>
    public static SectionSpec Vector(SectionRole role, ModelSchema schema, SectionDenominator denominator) =>
        SectionSpecs.Dense(role, SectionDType.F32, schema.ParameterCount, denominator);

    /// <summary>A few float64 numbers.</summary>
    /// <param name="count">How many.</param>
    /// <param name="denominator">By what their sums are divided.</param>
    public static SectionSpec Scalars(int count, SectionDenominator denominator) =>
        SectionSpecs.Dense(SectionRole.Scalars, SectionDType.F64, count, denominator);

    /// <summary>How the job weighs updates.</summary>
    /// <param name="job">The job.</param>
    public static SectionDenominator Weighting(JobDefinition job) =>
        job.Aggregation.Weighting == "uniform" ? SectionDenominator.Updates : SectionDenominator.Weight;
}
