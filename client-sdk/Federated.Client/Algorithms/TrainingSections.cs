using Federated.Protocol.Models;
using Federated.Protocol.Sections;
using Federated.Protocol.V1;

namespace Federated.Client.Algorithms;

/// <summary>The sections that most client halves have in common. By what a sum is divided is the server's matter; here stands the usual choice.</summary>
internal static class TrainingSections
{
    /// <summary>The parameter difference and, where the schema aggregates them, the batch-norm statistics.</summary>
    public static IEnumerable<SectionSpec> Of(ModelSchema schema)
    {
        ArgumentNullException.ThrowIfNull(schema);
        SectionSpec delta = Vector(SectionRole.Delta, schema);
        return schema.AggregatesStatistics
            ? [delta, SectionSpecs.Dense(SectionRole.BnStatistics, SectionDType.F32, schema.StatisticCount, SectionDenominator.Weight)]
            : [delta];
    }

    /// <summary>A float32 vector of the length of the parameters.</summary>
    public static SectionSpec Vector(SectionRole role, ModelSchema schema) =>
        SectionSpecs.Dense(role, SectionDType.F32, schema.ParameterCount, SectionDenominator.Weight);

    /// <summary>A few float64 numbers.</summary>
    public static SectionSpec Scalars(int count) =>
        SectionSpecs.Dense(SectionRole.Scalars, SectionDType.F64, count, SectionDenominator.Weight);
}
